"""`towerline doctor`: what would fail, and how to fix it."""

from __future__ import annotations

import argparse

from pipeline.terminal import console

NAME = "doctor"
HELP = "say what in this installation, database or configuration would fail"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the options of the command."""
    parser.add_argument("--source", metavar="URL", help="product database, if not that of the last run")


def execute(arguments: argparse.Namespace) -> int:
    """Runs the command; 2 if something would fail."""
    from pathlib import Path

    from pipeline.commands.checkup import FAILS, check_all
    from pipeline.config.loading import load_config
    from pipeline.runs.findings import findings_text

    config = load_config(arguments, arguments.source)
    checks = []
    for check in check_all(config, Path(arguments.workdir).expanduser().absolute()):
        checks.append(check)
        if not arguments.json:
            console.say(f"{check.status:<8} {check.name:<15} {check.detail}")
            if check.columns:
                console.say("\n".join(check.columns))
            if check.findings:
                console.say(findings_text(check.findings))
    if arguments.json:
        console.say_json([check.to_dict() for check in checks])
    return 2 if any(check.status == FAILS for check in checks) else 0
