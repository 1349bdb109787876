"""`towerline demo`: writes a product database from an installed data package, or a generated one."""

from __future__ import annotations

import argparse
from pathlib import Path

from pipeline.terminal import console

NAME = "demo"
HELP = "write a product database: real data from an installed package, or a generated fashion shop"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the options of the command."""
    parser.add_argument("dataset", metavar="DATASET", help="complete-journey, movielens-100k or fashion")
    parser.add_argument("--output", required=True, metavar="FILE.db", help="SQLite file to write")
    parser.add_argument(
        "--profile", choices=("quick", "full"), default="quick", help="a subset, or everything (quick)"
    )


def execute(arguments: argparse.Namespace) -> int:
    """Runs the command."""
    from pipeline.demo.datasets import write_demo

    output = Path(arguments.output)
    summary = write_demo(arguments.dataset, output, arguments.profile, console.counter("Writing"))
    rows, dropped = dict(summary.rows), dict(summary.dropped)
    if arguments.json:
        console.say_json(
            {"path": str(summary.path), "rows": rows, "dropped": dropped, "notice": summary.notice}
        )
        return 0
    console.say(f"Wrote {summary.path}: " + ", ".join(f"{count:,} {table}" for table, count in rows.items()))
    for what, count in dropped.items():
        console.say(f"  left out: {count:,} {what}")
    if summary.notice:
        console.say(summary.notice)
    return 0
