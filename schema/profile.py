"""One look at the whole database: what is in it, what it is good for, and whether it can be used."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

import pyarrow as pa

from schema import names
from schema.features import FeatureColumn, FeatureSet, Kind
from schema.fingerprint import Fingerprint
from schema.kinds import as_kind, infer_kind
from schema.profile_checks import EventTally, check_ids, check_overrides, check_unique
from schema.settings import Settings
from schema.source.contract import EVENTS, PRODUCTS, USERS, feature_columns
from schema.source.product_source import ProductSource
from schema.source_settings import FeatureSettings

Progress = Callable[[str, int, int | None], None]
"""Called with what is being read, rows so far, and rows in all if known."""


class DatabaseProfile(Settings):
    """What is in a product database."""

    num_users: int
    """Users with a row or an event."""
    num_products: int
    """Products with a row or an event."""
    num_events: int
    """Events."""
    oldest: int
    """Epoch seconds of the oldest event."""
    newest: int
    """Epoch seconds of the newest event."""
    event_types: dict[str, int]
    """Event type -> number of events, most frequent first."""
    features: FeatureSet
    """Feature columns with their kinds."""
    reasons: dict[str, str] = {}
    """`table.column` -> why it has its kind."""
    has_users_table: bool
    """Whether there is a table of users."""
    context_columns: tuple[str, ...] = ()
    """Columns of `events` beside those of the contract."""
    fingerprint: str
    """Hash of the content of all three tables and of how they are mapped."""
    warnings: tuple[str, ...] = ()
    """What the user may want to know."""


def profile_source(
    source: ProductSource, settings: FeatureSettings, progress: Progress, now: int | None = None
) -> DatabaseProfile:
    """Reads the database once, checks that it can be used, and infers the kinds of its columns.

    Events are streamed; memory grows with users and products, not with events.

    Args:
        source: The open database.
        settings: Kinds that the user chose.
        progress: Called while reading.
        now: Epoch seconds; events later than a day behind it are an error. By default the clock.

    Raises:
        UserError: The database cannot be used as it is; the message says why and how to mend it.
    """
    check_overrides(source, settings)
    hashes = Fingerprint()
    users, products = (_table(source, table, hashes, progress) for table in (USERS, PRODUCTS))
    tally = EventTally(source, int(time.time()) if now is None else now)
    read = 0
    for events in source.event_batches():
        tally.add(events)
        hashes.update(EVENTS, events)
        read += events.num_rows
        progress(EVENTS, read, None)
    tally.check()
    user_columns, user_reasons = _kinds(USERS, users, settings.users)
    product_columns, product_reasons = _kinds(PRODUCTS, products, settings.products)
    event_types = tally.event_types()
    return DatabaseProfile(
        num_users=len(tally.users | _ids(users, names.USER_ID)),
        num_products=len(tally.products | _ids(products, names.PRODUCT_ID)),
        num_events=tally.num_events,
        oldest=tally.oldest,
        newest=tally.newest,
        event_types=event_types,
        features=FeatureSet(users=user_columns, products=product_columns, event_types=tuple(event_types)),
        reasons={**user_reasons, **product_reasons},
        has_users_table=bool(source.columns(USERS)),
        context_columns=tuple(feature_columns(EVENTS, source.columns(EVENTS))),
        fingerprint=hashes.hexdigest(str(_mapping(source))),
        warnings=_warnings(source, users, products, tally),
    )


def _table(source: ProductSource, table: str, hashes: Fingerprint, progress: Progress) -> pa.Table:
    rows = source.read_table(table)
    if rows.num_columns:
        check_ids(source, table, rows)
        check_unique(source, table, rows)
        hashes.update(table, rows)
        progress(table, rows.num_rows, rows.num_rows)
    return rows


def _kinds(
    table: str, rows: pa.Table, chosen: dict[str, Kind]
) -> tuple[tuple[FeatureColumn, ...], dict[str, str]]:
    columns: list[FeatureColumn] = []
    reasons: dict[str, str] = {}
    for name in feature_columns(table, rows.column_names):
        if name in chosen:
            columns.append(as_kind(f"features.{table}.{name}", name, rows[name], chosen[name]))
            reasons[f"{table}.{name}"] = "configured"
        else:
            column, reason = infer_kind(name, rows[name])
            columns.append(column)
            reasons[f"{table}.{name}"] = reason
    return tuple(columns), reasons


def _ids(rows: pa.Table, column: str) -> set[str]:
    return set(rows[column].to_pylist()) if rows.num_columns else set()


def _mapping(source: ProductSource) -> dict[str, list[str]]:
    return {table: source.columns(table) for table in (USERS, PRODUCTS, EVENTS)}


_MOST_NAMED: Final = 3


def _warnings(
    source: ProductSource, users: pa.Table, products: pa.Table, tally: EventTally
) -> tuple[str, ...]:
    found = []
    rows = f"no row in `{source.name_of(PRODUCTS)}`"
    unlisted = tally.products - _ids(products, names.PRODUCT_ID)
    if unlisted:
        some = ", ".join(repr(name) for name in sorted(unlisted)[:_MOST_NAMED])
        found.append(f"{len(unlisted)} products have events but {rows}, such as {some}.")
    if not users.num_columns:
        found.append("There is no table of users: only their events are known.")
    elif missing := len(tally.users - _ids(users, names.USER_ID)):
        rows = f"no row in `{source.name_of(USERS)}`"
        found.append(f"{missing} of {len(tally.users)} users with events have {rows}.")
    return tuple(found)
