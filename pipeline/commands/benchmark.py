"""`towerline benchmark`: how good the recommendations are, beside baselines measured in the same run."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline import console
from schema.errors import UserError

if TYPE_CHECKING:
    from benchmarks.quality import Report

NAME = "benchmark"
HELP = "measure the quality of the recommendations on real data, over several seeds"

DATA = ("complete-journey", "movielens-100k")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the options of the command."""
    parser.add_argument("kind", choices=("quality",), help="what is measured")
    parser.add_argument("--data", required=True, choices=DATA, help="data set, from an installed package")
    parser.add_argument(
        "--profile", choices=("quick", "full"), default="full", help="a subset, or everything (full)"
    )
    parser.add_argument("--seeds", default="42,43,44", metavar="LIST", help="seeds (42,43,44)")
    parser.add_argument("--output", metavar="FILE.md", help="write the tables as Markdown")


def execute(arguments: argparse.Namespace) -> int:
    """Runs the command."""
    from benchmarks.quality import markdown, measure, protocol

    seeds = _seeds(arguments.seeds)
    output = _writable(arguments.output)
    asked = protocol(arguments.data, arguments.profile)
    report = measure(
        asked, seeds, Path(arguments.workdir), console.note, tuple(arguments.set), arguments.config
    )
    text = markdown(report, _command(arguments, report))
    if output:
        output.write_text(text, encoding="utf-8")
        console.note(f"Wrote {output}")
    if arguments.json:
        console.say_json(report.as_dict())
    else:
        console.say(text.rstrip())
    return 0


def _command(arguments: argparse.Namespace, report: Report) -> str:
    """The command that gives the same figures, without where it put them."""
    parts = ["towerline benchmark quality", f"--data {arguments.data}"]
    if report.protocol.profile != "full":
        parts.append(f"--profile {report.protocol.profile}")
    parts.append("--seeds " + ",".join(map(str, report.seeds)))
    parts += [f"--config {arguments.config}"] if arguments.config else []
    return " ".join([*parts, *(f"--set {setting}" for setting in arguments.set)])


def _seeds(text: str) -> tuple[int, ...]:
    try:
        seeds = tuple(int(part) for part in text.split(","))
    except ValueError:
        seeds = ()
    if not seeds or min(seeds) < 0 or len(set(seeds)) < len(seeds):
        raise UserError(
            f"`--seeds` takes different integers of 0 or more. Received: {text!r}. Remedy: such as 42,43,44."
        )
    return seeds


def _writable(name: str | None) -> Path | None:
    """The report comes after an hour: a folder that is not there is better known now."""
    path = Path(name).expanduser() if name else None
    if path and (path.is_dir() or not path.absolute().parent.is_dir()):
        raise UserError(f"`--output` names a file in a folder that exists. Received: {name}.")
    return path
