"""`towerline init`: looks at a database and writes the configuration that maps it."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.terminal import console
from schema.errors import UserError

if TYPE_CHECKING:
    from pipeline.init.catalogue import Table
    from pipeline.init.roles import Fact
    from pipeline.init.run import Initialised

NAME = "init"
HELP = "look at a database or folder of files and write a commented towerline.yaml that maps it"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the options of the command."""
    parser.add_argument(
        "--source", metavar="URL", required=True, help="product database: SQLAlchemy URL or folder"
    )
    parser.add_argument(
        "--output", metavar="FILE.yaml", default="towerline.yaml", help="file to write (towerline.yaml)"
    )
    parser.add_argument("--interactive", action="store_true", help="ask what a look leaves open")
    parser.add_argument("--force", action="store_true", help="replace the file if it exists")


def execute(arguments: argparse.Namespace) -> int:
    """Runs the command."""
    import os

    from pipeline.init.run import initialise
    from schema.files import write_text
    from schema.source import password_of, restore_password
    from schema.source_settings import PASSWORD_VARIABLE

    output = _writable(arguments.output, arguments.force)
    source = restore_password(arguments.source, os.environ.get(PASSWORD_VARIABLE))
    found = initialise(source, choose if arguments.interactive else None)
    write_text(output, found.text)
    if arguments.json:
        console.say_json({"output": str(output), **found.summary()})
    else:
        _tell(found, arguments.output)
    for name, reason in found.unreadable.items():
        console.note(f"Not read: `{name}`, so nothing is said of it. {reason}")
    if password_of(arguments.source) is not None:
        console.note(f"The password is not written; set {PASSWORD_VARIABLE} for the commands that follow.")
    return 0


def _tell(found: Initialised, output: str) -> None:
    if found.shop is not None:
        console.say(f"{found.shop}, recognised by its tables.")
    elif found.proposal is not None:
        for name, table in found.proposal.tables.items():
            console.say(f"{name}: {table.evidence[0]}")
            if table.personal:
                console.say(f"  left out as personal: {', '.join(table.personal)}")
    console.say(f"Wrote {output}. Read it, then: towerline doctor --config {output}")


def _writable(name: str, force: bool) -> Path:
    path = Path(name).expanduser().absolute()
    if path.suffix not in (".yaml", ".yml") or path.is_dir() or not path.parent.is_dir():
        raise UserError(f"`--output` names a .yaml file in a folder that exists. Received: {name}.")
    if path.exists() and not force:
        raise UserError(
            f"{name} exists already. Remedy: name another --output, or add --force to replace it."
        )
    return path


def choose(facts: Sequence[Fact], tables: Mapping[str, Table]) -> Fact:
    """Asks which table holds the events, and which of its columns is the time.

    Args:
        facts: What may be events, the best first.
        tables: All tables.

    Raises:
        UserError: There is no terminal to ask at, or the input ends.
    """
    from pipeline.init.proposal import with_stamp
    from pipeline.init.roles import stamps_of

    fact = facts[_ask("Which table holds the events?", [_described(fact) for fact in facts])]
    table = tables[fact.table_at(fact.stamp.hops)]
    columns = [column.name for _, column in stamps_of(table)]
    columns.sort(key=lambda name: name != fact.stamp.column)
    if len(columns) < 2:
        return fact
    return with_stamp(fact, columns[_ask(f"Which column of `{table.name}` is the time?", columns)])


def _described(fact: Fact) -> str:
    rows = "" if fact.num_rows is None else f", {fact.num_rows:,} rows"
    users = fact.users or f"column {fact.user.column}"
    products = fact.products or f"column {fact.product.column}"
    return f"{fact.table}{rows} (users: {users}; products: {products})"


def _ask(question: str, answers: Sequence[str]) -> int:
    if len(answers) == 1:
        return 0
    console.note(question)
    for number, answer in enumerate(answers, 1):
        console.note(f"  {number}  {answer}")
    while True:
        console.note(f"1 to {len(answers)}, or nothing for 1:")
        line = sys.stdin.readline()
        if not line:
            raise UserError(
                "`--interactive` asks, and the input has ended. Remedy: leave `--interactive` out."
            )
        given = line.strip() or "1"
        if given.isdigit() and 1 <= int(given) <= len(answers):
            return int(given) - 1
