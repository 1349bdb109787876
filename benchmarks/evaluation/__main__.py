"""Runs the comparison and prints the tables."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

import benchmarks.evaluation


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the comparison."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.evaluation",
        description=benchmarks.evaluation.__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--users", type=int, default=2_000)
    parser.add_argument("--products", type=int, default=92_000)
    parser.add_argument("--dim", type=int, default=64)
    parser.add_argument("--targets", type=int, default=15, help="mean number of targets of a user")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seed", type=int, default=42)
    parser.add_argument("--streaming", action="store_true", help="also over batches of 128; takes minutes")
    options = parser.parse_args(arguments)

    from benchmarks.evaluation.embedded import embed
    from benchmarks.evaluation.evaluators import BRUTE_FORCE, STREAMING
    from benchmarks.evaluation.report import compare

    embedded = embed(options.users, options.products, options.dim, options.targets, options.seed)
    names = [BRUTE_FORCE, *([STREAMING] if options.streaming else [])]
    sys.stdout.write(compare(embedded, names, options.rounds, options.seed) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
