"""`towerline forget`: treats users as unknown from now on, and says where they still stand."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.terminal import console

if TYPE_CHECKING:
    from pipeline.forgetting.forgetting import Locations, Receipt

NAME = "forget"
HELP = "treat users as unknown from now on, and list what was made from their events"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the options of the command."""
    parser.add_argument(
        "--user", action="append", required=True, metavar="U", help="id of a user; may be given several times"
    )
    parser.add_argument(
        "--gc",
        action="store_true",
        help="remove at once what was made from their events and nothing needs any more",
    )


def execute(arguments: argparse.Namespace) -> int:
    """Runs the command."""
    from pipeline.config.forgotten_users import forget_users
    from pipeline.config.loading import load_config
    from pipeline.forgetting.forgetting import clean, locations_of, receipt_lines, trace, write_receipt
    from pipeline.forgetting.searching import Person
    from schema.errors import UserError

    people = [Person(given) for given in dict.fromkeys(arguments.user)]
    if any(not person.user_id for person in people):
        raise UserError("`--user` must name a user. Received: ''.")
    config = load_config(arguments)
    workdir = Path(arguments.workdir).expanduser().absolute()
    if not workdir.is_dir():
        raise UserError(
            f"There is no work directory {workdir}. Remedy: name that of the runs with --workdir."
        )
    locations = locations_of(config, workdir)
    users = forget_users(workdir, [person.user_id for person in people])  # first: it holds from here on
    cleaned = clean(locations, people)
    receipt = trace(locations, people, users, cleaned)
    if arguments.gc and _remove(locations, receipt):
        receipt = trace(locations, people, users, cleaned)
    path = write_receipt(locations, receipt)
    if arguments.json:
        console.say_json({**receipt.model_dump(), "receipt": str(path)})
    else:
        for line in receipt_lines(receipt, path):
            console.say(line)
    return 0


def _remove(locations: Locations, receipt: Receipt) -> bool:
    """Removes what may go of the people; returns whether there was anything."""
    from pipeline.forgetting.lineage import REMOVABLE, removable
    from pipeline.inspection.garbage import Garbage, remove_garbage
    from pipeline.inspection.graph import read_graph
    from pipeline.planning.workdir import only_run

    theirs = {item["uri"] for item in receipt.artifacts if item["fate"] == REMOVABLE}
    if not theirs:
        return False
    with only_run(locations.workdir):
        found = removable(read_graph(locations.metadata), locations.artifacts, locations.push_directory)
        chosen = tuple(artifact for artifact in found.artifacts if artifact.uri in theirs)
        leftovers = tuple(path for path in found.leftovers if str(path) in theirs)
        remove_garbage(locations.metadata, Garbage(chosen, leftovers, found.num_kept))
    return True
