"""One look at the whole database: what is in it, what it is good for, and whether it can be used."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from schema import names
from schema.events import event_weights
from schema.features import FeatureColumn, FeatureSet, Kind, ValueType
from schema.findings import Finding, Findings
from schema.fingerprint import Fingerprint
from schema.profiling.column_findings import (
    check_units,
    column_findings,
    early_findings,
    member_findings,
    spelling_findings,
)
from schema.profiling.deciding import decide_reading
from schema.profiling.event_findings import EventFacts, event_findings
from schema.profiling.event_tally import EventTally
from schema.profiling.kinds import as_kind, infer_kind
from schema.profiling.member_columns import separators
from schema.profiling.profile_checks import check_ids, check_overrides, check_unique, missing_values
from schema.profiling.used_events import UsedEvents, check_left, used_events
from schema.reading import Reading
from schema.settings import Settings
from schema.source.cells.values import type_of
from schema.source.contract import EVENTS, KEYS, PRODUCTS, USERS, feature_columns
from schema.source.guests import is_guest
from schema.source.product_source import ProductSource
from schema.source_settings import ColumnSettings, EventSettings, FeatureSettings, kinds_of

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
    num_rows: int = 0
    """Rows of the events, with those that are left out."""
    reading: Reading = Reading()
    """How the rows are read, decided from all of them."""
    weights: dict[str, float] = {}
    """Event type -> weight as a target."""
    findings: tuple[Finding, ...] = ()
    """What was noticed, and what was done about it; the severe ones first."""
    shares: dict[str, float] = {}
    """Shares of all events that gates look at: `repeats`, `top_user`, `top_product`, `outlying_stamps`."""
    has_clock: bool = True
    """Whether stamps have a time of the day."""


def profile_source(
    source: ProductSource,
    settings: FeatureSettings,
    progress: Progress,
    now: int | None = None,
    events: EventSettings | None = None,
) -> DatabaseProfile:
    """Reads the database once, checks that it can be used, and infers the kinds of its columns.

    Args:
        source: The open database; it reads its rows as was decided from then on.
        settings: Kinds that the user chose.
        progress: Called while reading.
        now: Epoch seconds; events later than a day behind it are an error. By default the clock.
        events: Weights of types and treatment of returns.

    Raises:
        UserError: The database cannot be used as it is; the message says why and how to fix it.
    """
    check_overrides(source, settings)
    events = events or EventSettings()
    findings = source.findings = Findings()
    source.reading = source.unread
    hashes = Fingerprint()
    users = _table(source, USERS, kinds_of(settings.users), hashes, progress)
    products = _table(source, PRODUCTS, kinds_of(settings.products), hashes, progress)
    now = int(time.time()) if now is None else now
    tally = _read_events(source, hashes, progress, now)
    users, used = _settle(source, users, tally, findings, events)
    weights = event_weights(list(used.event_types), events)
    facts = EventFacts(tally, source.reading, weights, used.num_early, used.guests, used.returns)
    findings.extend(event_findings(source, facts, events))
    findings.extend(found for table in (USERS, PRODUCTS, EVENTS) for found in source.file_findings(table))
    user_columns, user_reasons = _kinds(USERS, users, settings.users)
    product_columns, product_reasons = _kinds(PRODUCTS, products, settings.products)
    findings.extend(column_findings(source, {USERS: user_columns, PRODUCTS: product_columns}))
    findings.extend(member_findings(source, USERS, users, user_columns))
    findings.extend(member_findings(source, PRODUCTS, products, product_columns))
    findings.extend(early_findings(source, products, now))
    findings.extend(_unlisted(source, users, products, tally, used))
    kinds = FeatureSet(users=user_columns, products=product_columns, event_types=tuple(used.event_types))
    return DatabaseProfile(
        num_users=len(used.users | _ids(users, names.USER_ID)),
        num_products=len(set(tally.by_product) | _ids(products, names.PRODUCT_ID)),
        num_events=used.num_events,
        oldest=used.oldest,
        newest=used.newest,
        event_types=used.event_types,
        features=kinds,
        reasons=user_reasons | product_reasons,
        has_users_table=bool(source.columns(USERS)),
        context_columns=tuple(feature_columns(EVENTS, source.columns(EVENTS))),
        fingerprint=hashes.hexdigest(str(_mapping(source))),
        num_rows=tally.num_rows,
        reading=source.reading,
        weights=weights,
        findings=findings.all(),
        shares=used.shares(tally),
        has_clock=tally.has_clock,
    )


def _settle(
    source: ProductSource, users: pa.Table, tally: EventTally, findings: Findings, events: EventSettings
) -> tuple[pa.Table, UsedEvents]:
    """Decides how rows are read from now on; the users without guests, and the events that are used."""
    check_units(findings.all())
    source.reading = decide_reading(source, tally, _ids(users, names.USER_ID), source.finds_guests, events)
    source.findings = None
    known = _without_guests(source, users, findings)
    used = used_events(source, tally)
    check_left(source, used, tally)
    return known, used


def _read_events(source: ProductSource, hashes: Fingerprint, progress: Progress, now: int) -> EventTally:
    """Streams the events; memory grows with users and products, and by a hash with each event.

    They are read once more where some of them are returns or belong to nobody.
    """
    tally = EventTally(source, now)
    for batch in source.event_batches():
        tally.add(batch)
        hashes.update(EVENTS, batch)
        progress(EVENTS, tally.num_rows, None)
    tally.check()
    return tally


def _table(
    source: ProductSource, table: str, kinds: dict[str, Kind], hashes: Fingerprint, progress: Progress
) -> pa.Table:
    rows = source.read_table(table, with_guests=True, kinds=kinds)
    if rows.num_columns:
        if table == PRODUCTS:
            check_ids(source, table, rows)
        check_unique(source, table, rows.filter(pc.invert(missing_values(rows[KEYS[table]]))))
        hashes.update(table, rows)
        progress(table, rows.num_rows, rows.num_rows)
    return rows


def _without_guests(source: ProductSource, users: pa.Table, findings: Findings) -> pa.Table:
    if not users.num_columns:
        return users
    guests = is_guest(users[names.USER_ID], source.reading)
    count = pc.sum(guests).as_py() or 0
    if not count:
        return users
    row = pc.index(guests, True).as_py()
    findings.add(
        Finding(
            kind="guests",
            table=source.name_of(USERS),
            column=source.name_of(USERS, names.USER_ID),
            count=count,
            example=f"row {1 + row}: {users[names.USER_ID][row].as_py()!r}",
            action="no user: the rows are left out",
            remedy="set `source.guests` if they are users",
            severity="warning",
            rows_left_out=count,
        )
    )
    return users.filter(pc.invert(guests))


def _kinds(
    table: str, rows: pa.Table, chosen: Mapping[str, Kind | ColumnSettings]
) -> tuple[tuple[FeatureColumn, ...], dict[str, str]]:
    columns: list[FeatureColumn] = []
    reasons: dict[str, str] = {}
    for name in feature_columns(table, rows.column_names):
        if name in chosen:
            given = chosen[name]
            given = given if isinstance(given, ColumnSettings) else ColumnSettings(kind=given)
            key = f"features.{table}.{name}"
            column = as_kind(key, name, rows[name], given.kind, given.separator, given.levels)
            reasons[f"{table}.{name}"] = f"configured{separators(column)}"
        else:
            column, reasons[f"{table}.{name}"] = infer_kind(name, rows[name])
        columns.append(column.model_copy(update={"type": _type(column, rows[name])}))
    return tuple(columns), reasons


def _type(column: FeatureColumn, values: pa.ChunkedArray) -> ValueType | None:
    if column.kind is Kind.NUMBER:
        return "real"
    return "text" if column.has_members else type_of(values)


def _ids(rows: pa.Table, column: str) -> set[str]:
    return set(rows[column].to_pylist()) if rows.num_columns else set()


def _mapping(source: ProductSource) -> dict[str, list[str]]:
    return {table: source.columns(table) for table in (USERS, PRODUCTS, EVENTS)}


_MAX_NAMED: Final = 3


def _unlisted(
    source: ProductSource, users: pa.Table, products: pa.Table, tally: EventTally, used: UsedEvents
) -> Iterator[Finding]:
    """Products and users of the events without a row of their own."""
    for table, rows, ids in ((PRODUCTS, products, set(tally.by_product)), (USERS, users, used.users)):
        key = KEYS[table]
        yield from spelling_findings(
            source.name_of(table), source.name_of(table, key), ids, _ids(rows, key), source.name_of(EVENTS)
        )
    unlisted = set(tally.by_product) - _ids(products, names.PRODUCT_ID)
    if unlisted:
        yield Finding(
            kind="products without a row",
            table=source.name_of(PRODUCTS),
            count=len(unlisted),
            example=", ".join(repr(name) for name in sorted(unlisted)[:_MAX_NAMED]),
            action="products without features",
            remedy="add their rows, or check that both tables spell ids alike",
            severity="warning",
        )
    if not users.num_columns:
        yield Finding(
            kind="no table of users",
            table=USERS,
            action="only the events of users are known",
            remedy="map one with `source.tables.users` if there is one",
        )
    elif missing := used.users - _ids(users, names.USER_ID):
        yield Finding(
            kind="users without a row",
            table=source.name_of(USERS),
            count=len(missing),
            example=", ".join(repr(name) for name in sorted(missing)[:_MAX_NAMED]),
            action=f"users without features, of {len(used.users):,} with events",
            remedy="check that both tables spell ids alike",
            severity="warning" if len(missing) == len(used.users) else "info",
        )
