from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from components.candidate_indexer.history import PositiveEvents, read_positive_events, repeat_rate


def events(rows, num_products=5):
    """Rows are (user, product, time)."""
    user, product, time = zip(*rows, strict=True) if rows else ((), (), ())
    return PositiveEvents(
        np.array(user, np.int32), np.array(product, np.int32), np.array(time, np.int64), num_products
    )


@pytest.fixture
def directory(tmp_path):
    def write(part, users, products, times, weights):
        columns = {
            "user_id": pa.array(users, pa.string()),
            "product_id": pa.array(products, pa.string()),
            "occurred_at": pa.array(times, pa.int64()),
            "weight": pa.array(weights, pa.float32()),
        }
        pq.write_table(pa.table(columns), tmp_path / f"part-{part:05d}.parquet")

    write(0, ["a", "a", "a"], ["x", "ö y", "gone"], [1, 2, 3], [1.0, 0.5, 1.0])
    write(1, ["b", "b"], ["x", "x"], [4, 5], [0.0, 2.0])
    return str(tmp_path)


def test_products_have_the_indices_of_the_vocabulary(directory):
    found = read_positive_events(directory, ["ö y", "x"])
    assert sorted(zip(found.time.tolist(), found.product.tolist(), strict=True)) == [(1, 1), (2, 0), (5, 1)]


def test_events_without_weight_and_unknown_products_are_left_out(directory):
    assert read_positive_events(directory, ["x"]).time.tolist() == [1, 5]


def test_users_of_different_parts_differ(directory):
    found = read_positive_events(directory, ["x", "ö y"])
    code = dict(zip(found.time.tolist(), found.user.tolist(), strict=True))
    assert code[1] == code[2] != code[5]


def test_no_known_product(directory):
    found = read_positive_events(directory, ["nothing"])
    assert len(found.user) == len(found.product) == len(found.time) == 0


def test_before_is_strict():
    assert events([(0, 0, 9), (0, 1, 10), (1, 2, 11)]).before(10).time.tolist() == [9]


def test_an_event_repeats_if_its_user_bought_the_product_at_an_earlier_moment():
    # User 0 buys product 0 at 1, 5 and 9: two of the four events are repeats.
    assert repeat_rate(events([(0, 0, 1), (0, 0, 5), (0, 0, 9), (0, 1, 9)])) == 0.5


def test_two_lines_of_one_basket_are_no_repeat():
    assert repeat_rate(events([(0, 0, 1), (0, 0, 1)])) == 0.0


def test_another_user_is_no_repeat():
    assert repeat_rate(events([(0, 0, 1), (1, 0, 5)])) == 0.0


def test_no_events_repeat_nothing():
    assert repeat_rate(events([])) == 0.0
