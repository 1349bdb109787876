"""Returns are taken off the newest purchases before them; every expected row is counted by hand."""

from __future__ import annotations

import pyarrow as pa
import pytest

from schema.reading import Reading
from schema.source.returns import settle

NET = Reading(returns="net", bought=("purchase",), returned=("refund",))


def table(*rows):
    """Rows (user, product, stamp, type, quantity)."""
    users, products, stamps, types, quantities = zip(*rows, strict=True)
    return pa.table(
        {
            "user_id": pa.array(users),
            "product_id": pa.array(products),
            "occurred_at": pa.array(stamps, pa.int64()),
            "event_type": pa.array(types),
            "quantity": pa.array(quantities, pa.float32()),
        }
    )


def left(reading, *rows):
    settled = settle(table(*rows), reading)
    kept = [tuple(row.values()) for row in settled.events.to_pylist()]
    return kept, (settled.num_returns, settled.num_taken_back, settled.num_unmatched)


def test_what_is_returned_whole_is_gone():
    kept, counts = left(
        NET, ("a", "p", 1, "purchase", 2), ("a", "q", 1, "purchase", 1), ("a", "p", 5, "purchase", -2)
    )
    assert kept == [("a", "q", 1, "purchase", 1.0)]
    assert counts == (1, 1, 0)


def test_a_part_that_is_returned_leaves_the_rest():
    kept, counts = left(NET, ("a", "p", 1, "purchase", 3), ("a", "p", 2, "refund", 1))
    assert kept == [("a", "p", 1, "purchase", 2.0)]
    assert counts == (1, 0, 0)


def test_the_newest_purchase_before_the_return_goes_first():
    kept, _ = left(
        NET,
        ("a", "p", 9, "purchase", 1),
        ("a", "p", 1, "purchase", 1),
        ("a", "p", 4, "purchase", 1),
        ("a", "p", 5, "refund", None),
    )
    assert [row[2] for row in kept] == [9, 1]


def test_a_return_of_the_same_stamp_follows_its_purchase():
    kept, counts = left(NET, ("a", "p", 1, "purchase", -1), ("a", "p", 1, "purchase", 1))
    assert (kept, counts) == ([], (1, 1, 0))


def test_other_users_products_and_types_are_untouched():
    kept, counts = left(
        NET,
        ("b", "p", 1, "purchase", 1),
        ("a", "q", 1, "purchase", 1),
        ("a", "p", 1, "view", None),
        ("a", "p", 2, "refund", 1),
    )
    assert [row[:2] for row in kept] == [("b", "p"), ("a", "q"), ("a", "p")]
    assert counts == (1, 0, 1)


def test_a_negative_quantity_of_what_is_not_bought_is_no_return():
    kept, counts = left(NET, ("a", "p", 1, "view", -1), ("a", "q", 2, "refund", 1))
    assert (kept, counts) == ([("a", "p", 1, "view", -1.0)], (1, 0, 1))


@pytest.mark.parametrize(("mode", "stamps"), [("ignore", [1]), ("count", [1, 2, 3])])
def test_other_ways(mode, stamps):
    reading = NET.model_copy(update={"returns": mode})
    rows = [("a", "p", 1, "purchase", 1), ("a", "p", 2, "purchase", -1), ("a", "p", 3, "refund", 1)]
    assert [row[2] for row in left(reading, *rows)[0]] == stamps
