"""`towerline gc`: removes artifacts that nobody needs any more."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from pipeline.terminal import console

if TYPE_CHECKING:
    from pipeline.inspection.garbage import Garbage

NAME = "gc"
HELP = "remove the artifacts that no kept run and no pushed model needs"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the options of the command."""
    parser.add_argument("--keep", type=int, required=True, metavar="N", help="newest runs that stay")
    parser.add_argument("--dry-run", action="store_true", help="only say what would go")


def execute(arguments: argparse.Namespace) -> int:
    """Runs the command."""
    from pathlib import Path

    from pipeline.config.loading import load_config
    from pipeline.inspection.garbage import find_garbage, remove_garbage
    from pipeline.inspection.graph import read_graph
    from pipeline.metadata.location import metadata_location
    from pipeline.planning.workdir import only_run
    from schema.errors import UserError

    if arguments.keep < 1:
        raise UserError(f"`--keep` must be at least 1. Received: {arguments.keep}. Remedy: such as --keep 3.")
    config = load_config(arguments)
    workdir = Path(arguments.workdir).expanduser().absolute()
    served = config.push.directory_in(workdir)
    path = metadata_location(config.metadata, arguments.workdir)
    read_graph(path)  # what is wrong with the store is said before anything is locked
    if not workdir.is_dir():
        raise UserError(
            f"There is no work directory {workdir}. Remedy: name that of the runs with --workdir."
        )
    with only_run(workdir):  # a run must not lose what it has found in the cache, or is about to record
        garbage = find_garbage(read_graph(path), workdir / "artifacts", arguments.keep, served)
        freed = garbage.num_bytes()
        if not arguments.dry_run:
            remove_garbage(path, garbage)
    _say(arguments, garbage, freed)
    return 0


def _say(arguments: argparse.Namespace, garbage: Garbage, freed: int) -> None:
    from pipeline.inspection.view import size

    artifacts = [
        {"id": artifact.id, "type": artifact.type_name, "uri": artifact.uri} for artifact in garbage.artifacts
    ]
    if arguments.json:
        console.say_json(
            {
                "dry_run": arguments.dry_run,
                "removed": artifacts,
                "leftovers": [str(path) for path in garbage.leftovers],
                "kept": garbage.num_kept,
                "bytes": freed,
            }
        )
        return
    for item in artifacts:
        console.say(f"{item['type']} {item['id']}: {item['uri']}")
    for path in garbage.leftovers:
        console.say(f"left by a killed node: {path}")
    verb = "Would remove" if arguments.dry_run else "Removed"
    count = len(artifacts) + len(garbage.leftovers)
    console.say(f"{verb} {count} folders, {size(freed)}; {garbage.num_kept} artifacts stay.")
