from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from components.interactions.events import Events, ShopEvents, read_guests, read_shop_events, repeat_rate


def events(rows, num_products=5):
    """Rows are (user, product, time)."""
    user, product, time = zip(*rows, strict=True) if rows else ((), (), ())
    return Events(
        np.array(user, np.int32), np.array(product, np.int32), np.array(time, np.int64), num_products
    )


@pytest.fixture
def directory(tmp_path):
    def write(part, users, products, times, weights, types):
        columns = {
            "user_id": pa.array(users, pa.string()),
            "product_id": pa.array(products, pa.string()),
            "occurred_at": pa.array(times, pa.int64()),
            "weight": pa.array(weights, pa.float32()),
            "event_type": pa.array(types, pa.string()),
        }
        pq.write_table(pa.table(columns), tmp_path / f"part-{part:05d}.parquet")

    write(0, ["a", "a", "a"], ["x", "ö y", "gone"], [1, 2, 3], [1.0, 0.5, 1.0], ["buy"] * 3)
    write(1, ["b", "b"], ["x", "x"], [4, 5], [0.0, 2.0], ["view", None])
    return str(tmp_path)


def test_products_have_the_indices_of_the_vocabulary(directory):
    found = read_shop_events(directory, ["ö y", "x"])
    assert sorted(zip(found.time.tolist(), found.product.tolist(), strict=True)) == [
        (1, 1),
        (2, 0),
        (4, 1),
        (5, 1),
    ]


def test_unknown_products_are_left_out_and_events_without_weight_are_no_targets(directory):
    found = read_shop_events(directory, ["x"])
    assert found.time.tolist() == [1, 4, 5]
    assert found.is_target.tolist() == [True, False, True]
    assert found.positive.time.tolist() == [1, 5]


def test_users_of_different_parts_and_types_of_events_differ(directory):
    found = read_shop_events(directory, ["x", "ö y"])
    user = dict(zip(found.time.tolist(), found.user.tolist(), strict=True))
    kind = dict(zip(found.time.tolist(), found.kind.tolist(), strict=True))
    assert user[1] == user[2] != user[4] == user[5]
    assert kind[1] == kind[2] != kind[4] and kind[5] == -1  # the type of the last is not known


def test_users_are_named_by_a_vocabulary_and_others_follow_it(directory):
    found = read_shop_events(directory, ["x", "ö y"]).with_users_of(pa.array(["c", "b"]))
    assert dict(zip(found.time.tolist(), found.user.tolist(), strict=True)) == {1: 2, 2: 2, 4: 1, 5: 1}
    assert found.user_ids.to_pylist() == ["c", "b", "a"]


def test_no_known_product(directory):
    found = read_shop_events(directory, ["nothing"])
    assert len(found.user) == len(found.product) == len(found.time) == 0


def shop(rows):
    """Rows are (user, product, time, type); type 0 is a target."""
    user, product, time, kind = (np.array(column) for column in zip(*rows, strict=True))
    return ShopEvents(
        user.astype(np.int32), product.astype(np.int32), time.astype(np.int64), 5, kind == 0, kind
    )


def test_an_event_counts_by_the_share_of_its_pairs_that_become_a_target():
    views = [(user, 0, 5, 1) for user in range(20)]  # users 0 to 9 buy what they saw, later
    carts = [(user, 1, 5, 2) for user in range(20)]  # all buy it at that very time
    too_late = [(user, 2, 9, 3) for user in range(20)]  # they had bought it before
    targets = [
        *((user, 0, 7, 0) for user in range(10)),
        *((user, 1, 5, 0) for user in range(20)),
        *((user, 2, 8, 0) for user in range(20)),
    ]
    found = shop(views + carts + too_late + targets).strengths()
    # Twenty pairs more are taken to have had no target.
    np.testing.assert_allclose(found[:60], [10 / 40] * 20 + [20 / 40] * 20 + [0.0] * 20)
    assert (found[60:] == 1.0).all()


def test_without_targets_nothing_else_counts():
    assert shop([(0, 0, 1, 1), (1, 0, 1, 1)]).strengths().tolist() == [0.0, 0.0]


def test_events_of_every_type_before_a_cutoff():
    found = shop([(0, 0, 1, 1), (0, 1, 9, 0), (0, 2, 10, 1)]).before(10)
    assert found.time.tolist() == [1, 9] and found.is_target.tolist() == [False, True]


def test_before_is_strict():
    assert events([(0, 0, 9), (0, 1, 10), (1, 2, 11)]).before(10).time.tolist() == [9]


def test_an_event_repeats_if_its_user_bought_the_product_at_an_earlier_cutoff():
    # User 0 buys product 0 at 1, 5 and 9: two of the four events are repeats.
    assert repeat_rate(events([(0, 0, 1), (0, 0, 5), (0, 0, 9), (0, 1, 9)])) == 0.5


def test_two_lines_of_one_basket_are_no_repeat():
    assert repeat_rate(events([(0, 0, 1), (0, 0, 1)])) == 0.0


def test_another_user_is_no_repeat():
    assert repeat_rate(events([(0, 0, 1), (1, 0, 5)])) == 0.0


def test_no_events_repeat_nothing():
    assert repeat_rate(events([])) == 0.0


def test_the_first_time_of_each_product():
    found = events([(0, 1, 30), (0, 1, 50), (1, 1, 20), (1, 3, 40)])
    for otherwise in (-7, 35, 99):
        assert found.first_times(otherwise).tolist() == [otherwise, 20, otherwise, 40, otherwise]
    assert events([]).first_times(9).tolist() == [9] * 5


def test_sales_to_guests_belong_to_nobody(tmp_path):
    assert len(read_guests(tmp_path, ["a"]).time) == 0
    for number, rows in enumerate(([("b", 5), ("not listed", 6)], [("a", 7)])):
        columns = dict(zip(("product_id", "occurred_at"), map(list, zip(*rows, strict=True)), strict=True))
        pq.write_table(pa.table(columns), tmp_path / f"guests-{number:05d}.parquet")
    found = read_guests(tmp_path, ["a", "b", "c"])
    assert (found.product.tolist(), found.time.tolist(), found.user.tolist()) == ([1, 0], [5, 7], [0, 0])
    assert found.num_products == 3
