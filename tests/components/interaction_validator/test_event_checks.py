from __future__ import annotations

import pyarrow as pa
import pytest

from components.interaction_validator.event_checks import EventFacts, check_events
from components.settings import GateSettings

DAY = 86_400


def outcome(*parts, orphans=(), clock=10**6, **gates):
    """Checks by name, for parts of rows (user, product, stamp[, type])."""
    tables = []
    for part in parts:
        columns = list(zip(*[(*row, "purchase")[:4] for row in part], strict=True))
        names = ("user_id", "product_id", "occurred_at", "event_type")
        tables.append(pa.table(dict(zip(names, map(list, columns), strict=True))))
    facts = EventFacts.gather(tables, orphans)
    return {check.name: check for check in check_events(facts, GateSettings(**gates), clock)}


def test_sound_events_pass():
    found = outcome([("a", "p", 1), ("a", "q", 2)], [("b", "p", 1), ("b", "q", 1)])
    assert all(check.passed for check in found.values())
    assert all("Remedy" not in check.sentence for check in found.values())


def test_orphans_are_counted_over_all_parts():
    found = outcome(
        [("a", "p", 1), ("a", "x", 2)], [("b", "x", 1), ("b", "q", 1)], orphans=["x"], max_orphans=0.49
    )
    assert found["orphans"].measured == 0.5
    assert found["orphans"].stops
    assert found["orphans"].sentence.startswith("2 of 4 events (50.0%; at most 49.0%) name a product")
    assert outcome([("a", "x", 1), ("a", "p", 1)], orphans=["x"], max_orphans=0.5)["orphans"].passed


def test_duplicates_repeat_all_four_columns():
    rows = [("a", "p", 1), ("a", "p", 1), ("a", "p", 1), ("a", "p", 2), ("a", "p", 1, "view"), ("a", "q", 1)]
    found = outcome(rows, max_duplicates=0.3)["duplicates"]
    assert found.measured == pytest.approx(2 / 6)
    assert found.stops


def test_the_future_begins_after_a_day():
    rows = [("a", "p", 1), ("a", "q", 10 * DAY)]
    assert outcome(rows, clock=9 * DAY)["future"].passed
    late = outcome(rows, clock=8 * DAY)["future"]
    assert late.stops
    assert "2.0 days in the future" in late.sentence


def test_one_product_that_is_most_events_is_named():
    found = outcome([("a", "bag", 1), ("b", "bag", 1), ("b", "bag", 2), ("b", "q", 1)], max_top_product=0.7)
    assert found["top_product"].stops
    assert found["top_product"].sentence.startswith("Product `bag` has 3 of 4 events (75.0%; at most 70.0%)")


def test_ids_that_were_renumbered_are_found():
    old = [("1", f"{n}", n * DAY) for n in range(10)]
    new = [("1", f"sku-{n}", n * DAY) for n in range(10, 20)]
    found = outcome(old + new)
    assert found["type_of_product_id"].measured == 1.0
    assert found["type_of_product_id"].stops
    assert "100% of the ids are integers in the older half of the events and 0% in the newer" in (
        found["type_of_product_id"].sentence
    )
    assert found["type_of_user_id"].passed
