"""`towerline refresh`: the pushed version once more, from the events up to now."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from pipeline.terminal import console

if TYPE_CHECKING:
    from pipeline.refreshing.planning import Refresh

NAME = "refresh"
HELP = "make statistics, neighbours, popularity and new products of the pushed version again, up to now"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the options of the command."""
    parser.add_argument("--source", metavar="URL", help="product database, if not that of the last run")


def execute(arguments: argparse.Namespace) -> int:
    """Runs the command."""
    from pathlib import Path

    from pipeline.commands.run import run_and_tell
    from pipeline.config.loading import load_config
    from pipeline.config.remembered_source import known_url
    from pipeline.planning.workdir import only_run
    from pipeline.refreshing.planning import plan_refresh

    workdir = Path(arguments.workdir).expanduser().absolute()
    config = known_url(load_config(arguments, arguments.source), workdir)
    refresh = plan_refresh(config, arguments.workdir)
    with only_run(Path(refresh.plan.workdir)):
        _announce(refresh, arguments.json)
        own = {"refreshed": refresh.parts.version, "refresh_of": refresh.parts.trained}
        return run_and_tell(
            refresh.planned,
            arguments.json,
            lambda _: own,
            refresh.plan,
            lambda _: _create(refresh),
        )


def _announce(refresh: Refresh, as_json: bool) -> None:
    from pipeline.runs.telling import what_was_noticed, what_was_read

    tell = console.note if as_json or console.is_quiet() else console.say
    tell(what_was_read(refresh.planned))
    for line in what_was_noticed(refresh.planned):
        tell(line)
    tell(f"Refreshing version {refresh.parts.version}, with the weights of {refresh.parts.trained}")


def _create(refresh: Refresh) -> object:
    from pipeline.refreshing.create_refresh import create_refresh

    return create_refresh(refresh.plan, refresh.parts)
