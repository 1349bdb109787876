"""Whether the day or the month comes first, as far as the values tell."""

from __future__ import annotations

from typing import Final

from pipeline.init.catalogue import Column
from pipeline.init.exploring import Explorer
from pipeline.init.stamp_guess import fits

_MOST_STAMPS: Final = 5_000


def format_of(explorer: Explorer, table: str, column: Column) -> tuple[str | None, bool]:
    """Returns how stamps are written, and whether day and month may be the other way round.

    Args:
        explorer: The database, where more values are looked at if the first ones leave it open.
        table: Where the column stands.
        column: The stamps.
    """
    form = column.stamp_format
    if form is None or "%m" not in form or not fits(list(map(str, column.values)), swapped(form)):
        return form, False
    quoted = explorer.quote(column.name)
    rows = explorer.try_fetch(
        f"SELECT DISTINCT {quoted} FROM {explorer.quote(table)} WHERE {quoted} IS NOT NULL "
        f"LIMIT {_MOST_STAMPS}"
    )
    values = [str(row[0]) for row in rows or () if row[0] != ""]
    if fits(values, form):
        return form, fits(values, swapped(form))
    return (swapped(form), False) if fits(values, swapped(form)) else (form, True)


def swapped(form: str) -> str:
    """Returns a format with day and month the other way round."""
    return form.replace("%d", "%?").replace("%m", "%d").replace("%?", "%m")
