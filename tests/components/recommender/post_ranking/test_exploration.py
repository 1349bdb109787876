"""Draws, and the chances that are told with them."""

import itertools

import numpy as np
import pytest
import tensorflow as tf

from components.recommender.post_ranking.exploration import Exploration, conditional_chances
from schema.tensors.in_graph import in_graph


def request(users, cutoff=5, events=("a", "b")):
    return {
        "user_id": tf.constant(users),
        "query_time": tf.constant([cutoff] * len(users), tf.int64),
        "history_product_id": tf.constant([list(events)] * len(users)),
    }


def draw(amount, users, width=4, seed=3, tier=None, **changes):
    order = tf.constant([list(range(width))] * len(users))
    tiers = tf.constant([tier or [0] * width] * len(users))
    stage = Exploration(amount, seed)
    drawn, chance = in_graph(stage.__call__)(
        order, tf.cast(order, tf.int64) + 10, tiers, request(users, **changes)
    )
    return drawn.numpy(), chance.numpy()


def chance_of(order, power):
    """Of a whole list, by the definition: weights 1 / rank ** power, without replacement."""
    weight = [1 / rank**power for rank in range(1, len(order) + 1)]
    left, total = list(range(len(order))), 1.0
    for place in order:
        total *= weight[place] / sum(weight[other] for other in left)
        left.remove(place)
    return total


def test_the_lists_come_as_often_as_their_chances_say():
    users = [f"user {number}" for number in range(20_000)]
    drawn, chance = draw(0.4, users)  # a power of 1.5
    orders = [tuple(row) for row in drawn.tolist()]
    for order in itertools.permutations(range(4)):
        expected = chance_of(order, 1.5)
        share = orders.count(order) / len(users)
        assert abs(share - expected) < 4.5 * np.sqrt(expected * (1 - expected) / len(users)), order
    for row in range(20):
        in_order = [chance[row, place] for place in orders[row]]
        assert np.prod(in_order) == pytest.approx(chance_of(orders[row], 1.5), rel=1e-5)


def test_an_exploration_of_one_draws_evenly_and_a_little_one_hardly_moves():
    users = [f"user {number}" for number in range(3_000)]
    drawn, chance = draw(1.0, users)
    firsts = np.bincount(drawn[:, 0], minlength=4) / len(users)
    assert firsts == pytest.approx([0.25] * 4, abs=0.04)
    assert sorted(chance[0].tolist()) == pytest.approx([1 / 4, 1 / 3, 1 / 2, 1])
    assert (draw(0.02, users)[0] == [0, 1, 2, 3]).mean() > 0.99


def test_a_draw_hangs_on_the_request_and_the_seed_alone():
    users = [f"user {number}" for number in range(60)]
    drawn, _ = draw(0.5, users, width=30)
    alone, _ = draw(0.5, users[7:8], width=30)
    assert alone[0].tolist() == drawn[7].tolist()
    assert len({tuple(row) for row in drawn.tolist()}) == 60
    for changes in ({"seed": 4}, {"cutoff": 6}, {"events": ("a", "c")}):
        assert draw(0.5, users[7:8], width=30, **changes)[0].tolist() != alone.tolist(), changes


def test_a_lower_tier_is_exhausted_first():
    users = [f"user {number}" for number in range(200)]
    drawn, chance = draw(1.0, users, tier=[0, 0, 1, 1])
    assert set(map(tuple, drawn.tolist())) == {(0, 1, 2, 3), (0, 1, 3, 2), (1, 0, 2, 3), (1, 0, 3, 2)}
    assert sorted(chance[0].tolist()) == pytest.approx([0.5, 0.5, 1, 1])


def test_places_below_the_hundredth_stay():
    drawn, chance = draw(1.0, ["u"], width=120)
    assert drawn[0, 100:].tolist() == list(range(100, 120)) and (chance[0, 100:] == 1).all()
    assert sorted(drawn[0, :100].tolist()) == list(range(100))
    assert sorted(1 / chance[0, :100]) == pytest.approx(range(1, 101), rel=1e-4)


def test_the_chance_of_what_is_left_alone_is_one():
    chance = conditional_chances(tf.constant([[np.log(3.0), np.log(2.0), np.log(1.0)]], tf.float64))
    assert chance.numpy()[0] == pytest.approx([3 / 6, 2 / 3, 1])
