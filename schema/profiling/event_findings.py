"""What was noticed about the events as a whole."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from schema import names
from schema.events import is_known_type, plain_spelling
from schema.findings import Finding
from schema.profiling.event_tally import NEGATIVE_PRICE, NO_QUANTITY, EventTally, date_of
from schema.reading import GUEST_PREFIX, UNKNOWN_TYPE, Reading
from schema.source.contract import EVENTS, USERS
from schema.source.product_source import ProductSource
from schema.source.returns import Settled
from schema.source_settings import EventSettings

_MAX_LISTED_TYPES: Final = 30
_EARLY: Final = 10 * 365 * names.SECONDS_PER_DAY


@dataclass(frozen=True)
class EventFacts:
    """What is known of all events.

    Attributes:
        tally: Of all rows.
        reading: How they are read.
        weights: Event type -> weight as a target.
        num_early: Events with a stamp before the time of the shop.
        guests: Guest -> number of events.
        returns: Sums over all users; its events are none.
    """

    tally: EventTally
    reading: Reading
    weights: Mapping[str, float]
    num_early: int
    guests: Counter[str]
    returns: Settled


def event_findings(source: ProductSource, facts: EventFacts, settings: EventSettings) -> Iterator[Finding]:
    """Yields the findings."""
    table = source.name_of(EVENTS)
    yield from _forgotten(source, facts.tally, table)
    yield from _guests(source, facts, table)
    yield from _mail_guests(source, facts, table)
    yield from _types(source, facts, settings, table)
    yield from _returns(source, facts, table)
    yield from _odd_numbers(source, facts, table)
    yield from _repeats(facts, table)
    yield from _stamps(source, facts, table)
    yield from _largest(source, facts, table)


def _forgotten(source: ProductSource, tally: EventTally, table: str) -> Iterator[Finding]:
    """A count, and nobody's id."""
    if source.forgotten:
        listed = len(source.forgotten.hashes)
        action = f"rows of users who are to be forgotten are left out ({listed:,} on the list)"
        count, rows = tally.num_forgotten, source.num_forgotten_rows
        for name, left_out in ((table, count), (source.name_of(USERS), rows)):
            if left_out or name == table:
                yield Finding(
                    kind="forgotten users", table=name, count=left_out, action=action, rows_left_out=left_out
                )


def _guests(source: ProductSource, facts: EventFacts, table: str) -> Iterator[Finding]:
    guests = Counter(
        {name: count for name, count in facts.guests.items() if not name.startswith(GUEST_PREFIX)}
    )
    if not guests:
        return
    total = sum(guests.values())
    listed = ", ".join(f"{name!r} ({count:,})" for name, count in guests.most_common(3))
    yield Finding(
        kind="guests",
        table=table,
        column=source.name_of(EVENTS, names.USER_ID),
        count=total,
        example=listed,
        action=f"no user: the rows ({total / facts.tally.num_rows:.1%}) are left out",
        remedy="list what stands for nobody in `source.guests`, or set it to [] if these are users",
        severity="warning",
        rows_left_out=total,
    )


def _mail_guests(source: ProductSource, facts: EventFacts, table: str) -> Iterator[Finding]:
    """Those that are told apart by the hash of their mail address."""
    found = {
        name: count
        for counter in (facts.tally.by_user, facts.guests)
        for name, count in counter.items()
        if name.startswith(GUEST_PREFIX)
    }
    if not found:
        return
    total, treatment = sum(found.values()), facts.reading.mail_guests
    done = {
        "by mail hash": "users of their own, told apart by the hash of the mail address",
        "drop": f"the rows ({total / facts.tally.num_rows:.1%}) are left out",
        "count for popularity only": "count as sales of their products, in no history and for no user",
    }
    yield Finding(
        kind="guests by mail",
        table=table,
        column=source.name_of(EVENTS, names.USER_ID),
        count=total,
        example=f"{len(found):,} guests",
        action=f"{treatment}: {done[treatment]}",
        remedy="`source.tables.events.guests` says what is done with them",
        rows_left_out=0 if treatment == "by mail hash" else total,
    )


def _types(
    source: ProductSource, facts: EventFacts, settings: EventSettings, table: str
) -> Iterator[Finding]:
    column = source.name_of(EVENTS, names.EVENT_TYPE)
    configured = {plain_spelling(name) for name in settings.weights}
    for name, count in list(facts.tally.event_types().items())[:_MAX_LISTED_TYPES]:
        shown = facts.reading.empty_event_type if name == UNKNOWN_TYPE else name
        is_known = plain_spelling(shown) in configured or is_known_type(shown)
        yield Finding(
            kind=f"type of event: {shown}",
            table=table,
            column=column,
            count=count,
            action=_treatment(shown, facts),
            remedy="" if is_known else f"set `events.weights` for `{shown}` if it says what a user wants",
            severity="info" if is_known else "warning",
        )
    for name in settings.weights:
        if plain_spelling(name) not in {plain_spelling(known) for known in facts.tally.types}:
            yield Finding(
                kind=f"type of event: {name}",
                table=table,
                column=column,
                count=0,
                action="configured in `events.weights`, and no event is of it",
                remedy="spell it as the table does",
                severity="warning",
            )


def _treatment(event_type: str, facts: EventFacts) -> str:
    if event_type in facts.reading.returned:
        taken = {"net": "taken off the purchases before it", "ignore": "left out"}
        return f"a return: {taken[facts.reading.returns]}"
    weight = facts.weights.get(event_type, 0.0)
    return f"weight {weight:g} as a target" if weight else "weight 0: in the history only"


def _returns(source: ProductSource, facts: EventFacts, table: str) -> Iterator[Finding]:
    negative = sum(count for name, count in facts.tally.negative.items() if name in facts.reading.bought)
    settled, mode = facts.returns, facts.reading.returns
    if mode == "count" and negative:
        yield Finding(
            kind="negative quantities",
            table=table,
            column=source.name_of(EVENTS, names.QUANTITY),
            count=negative,
            action="read as purchases, as `events.returns: count` says",
            severity="warning",
        )
    if not settled.num_returns:
        return
    actions = {
        "net": f"taken off the purchases before them: {settled.num_taken_back:,} purchases are gone, "
        f"{settled.num_unmatched:,} returns had none",
        "ignore": "left out",
    }
    yield Finding(
        kind="returns",
        table=table,
        column=source.name_of(EVENTS, names.QUANTITY if negative else names.EVENT_TYPE),
        count=settled.num_returns,
        action=actions[mode],
        remedy="`events.returns: ignore` keeps the purchases, `count` reads returns as events",
        severity="warning" if settled.num_unmatched else "info",
        rows_left_out=settled.num_returns + settled.num_taken_back,
    )


def _odd_numbers(source: ProductSource, facts: EventFacts, table: str) -> Iterator[Finding]:
    remedies = {
        NO_QUANTITY: (
            names.QUANTITY,
            "leave them out with `source.tables.events.query` if they are none",
        ),
        NEGATIVE_PRICE: (names.PRICE, "make the quantity negative if they are returns"),
    }
    for kind, (count, row) in facts.tally.odd.items():
        column, remedy = remedies[kind]
        yield Finding(
            kind=kind,
            table=table,
            column=source.name_of(EVENTS, column),
            count=count,
            example=f"row {row}",
            action="events like any other",
            remedy=remedy,
            severity="warning",
        )


def _repeats(facts: EventFacts, table: str) -> Iterator[Finding]:
    count = facts.tally.num_repeats()
    if count:
        yield Finding(
            kind="repeated rows",
            table=table,
            count=count,
            action=f"used as they are ({count / max(1, facts.tally.num_events):.1%} of the events)",
            remedy="remove rows that were loaded twice",
            severity="warning",
        )


def _stamps(source: ProductSource, facts: EventFacts, table: str) -> Iterator[Finding]:
    column, tally = source.name_of(EVENTS, names.OCCURRED_AT), facts.tally
    if facts.num_early:
        yield Finding(
            kind="outlying stamps",
            table=table,
            column=column,
            count=facts.num_early,
            example=date_of(tally.oldest),
            action=f"before {date_of(facts.reading.earliest or 0)}: the rows are left out",
            remedy="correct the stamps, or remove the rows",
            severity="warning",
            rows_left_out=facts.num_early,
        )
    oldest = tally.oldest if facts.reading.earliest is None else max(tally.oldest, facts.reading.earliest)
    is_early = tally.newest < _EARLY
    yield Finding(
        kind="span",
        table=table,
        column=column,
        count=tally.num_rows,
        example=f"{date_of(oldest)[:10]} to {date_of(tally.newest)[:10]}",
        action="as times of the events",
        remedy="check the unit of the stamps: they lie before 1980" if is_early else "",
        severity="warning" if is_early else "info",
    )


def _largest(source: ProductSource, facts: EventFacts, table: str) -> Iterator[Finding]:
    users = Counter({name: count for name, count in facts.tally.by_user.items() if name not in facts.guests})
    total = max(1, sum(users.values()))
    for kind, column, counts in (
        ("largest user", names.USER_ID, users),
        ("largest product", names.PRODUCT_ID, facts.tally.by_product),
    ):
        for name, count in counts.most_common(1):
            yield Finding(
                kind=kind,
                table=table,
                column=source.name_of(EVENTS, column),
                count=count,
                example=repr(name),
                action=f"{count / total:.1%} of the events",
            )
