"""Asks what a look at the database leaves open."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence

from pipeline.init.catalogue import Table
from pipeline.init.proposal import with_stamp
from pipeline.init.roles import Fact, stamps_of
from pipeline.terminal import console
from schema.errors import UserError


def choose(facts: Sequence[Fact], tables: Mapping[str, Table]) -> Fact:
    """Asks which table holds the events, and which of its columns is the time.

    Args:
        facts: What may be events, the best first.
        tables: All tables.

    Raises:
        UserError: There is no terminal to ask at, or the input ends.
    """
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
