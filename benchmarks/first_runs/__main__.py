"""Runs the databases one after the other and prints the table."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import benchmarks.first_runs
from schema.errors import UserError


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs them; 1 if any was stopped."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.first_runs",
        description=benchmarks.first_runs.__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--only", metavar="NAMES", help="databases, with commas between them; all by default")
    parser.add_argument("--scale", type=int, default=5, help="times as many orders as in the tests")
    parser.add_argument("--until", choices=("init", "doctor", "run"), default="run", help="last command")
    parser.add_argument("--output", metavar="FILE", type=Path, help="also what was printed, as JSON lines")
    options = parser.parse_args(arguments)

    from benchmarks.first_runs.databases import described, filled_databases
    from benchmarks.first_runs.measuring import measure
    from benchmarks.first_runs.report import as_dict, end_of, markdown

    known = described(options.scale)
    names = options.only.split(",") if options.only else list(known)
    unknown = [name for name in names if name not in known]
    if unknown:
        parser.error(f"no such database: {unknown[0]}. Known: {', '.join(known)}")
    runs = []
    wanted = {name: known[name] for name in names}
    try:
        with (
            tempfile.TemporaryDirectory(prefix="towerline-first-runs-") as folder,
            filled_databases(wanted, Path(folder)) as databases,
        ):
            for name, database, url in databases:
                runs.append(measure(name, database, url, Path(folder), options.until))
                sys.stderr.write(f"{name}: {end_of(runs[-1])}\n")
                if options.output is not None:
                    with options.output.open("a", encoding="utf-8") as file:
                        file.write(json.dumps(as_dict(runs[-1])) + "\n")
    except UserError as mistake:
        parser.error(str(mistake))
    sys.stdout.write(markdown(runs) + "\n")
    return 1 if any(step.code > 1 for run in runs for step in run.steps.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
