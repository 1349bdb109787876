"""Calibration against Steck's objective itself, worked out candidate by candidate."""

import numpy as np
import pytest
import tensorflow as tf

from components.recommender.post_ranking.calibration import Calibration, calibrated, coarsest, own_mix
from schema.tensors.in_graph import in_graph

RELEVANCE = np.array([[1.0, 0.8, 0.6, 0.4, 0.2, 0.0]], np.float32)
CATEGORY = np.array([[7, 7, 7, 3, 5, -1]], np.int64)
MIX = {7: 0.5, 3: 0.25, 9: 0.25}
WANTED = np.array([[MIX.get(code, 0.0) for code in CATEGORY[0].tolist()]], np.float32)


def divergence(codes):
    shares = {code: codes.count(code) / len(codes) for code in MIX}
    return sum(p * np.log(p / (0.99 * shares[code] + 0.01 * p)) for code, p in MIX.items())


def greedy(strength, count):
    """Equation 4 of the paper, forming the whole divergence for each candidate at each place."""
    chosen: list[int] = []
    for _ in range(count):
        others = [place for place in range(6) if place not in chosen]

        def value(place, taken=tuple(chosen)):
            places = [*taken, place]
            total = sum(float(RELEVANCE[0, other]) for other in places)
            return (1 - strength) * total - strength * divergence([int(CATEGORY[0, p]) for p in places])

        chosen.append(max(others, key=value))
    return chosen


@pytest.mark.parametrize("strength", [0.0, 0.1, 0.3, 0.5, 0.8, 1.0])
def test_each_place_serves_the_objective_best(strength):
    traced = in_graph(
        lambda: calibrated(
            tf.constant(RELEVANCE), tf.constant(CATEGORY), tf.constant(WANTED), strength, tf.constant(4)
        )
    )
    assert traced().numpy()[0].tolist() == greedy(strength, 4)


def test_strength_changes_the_list():
    assert greedy(0.0, 4) == [0, 1, 2, 3] and greedy(0.5, 2) == [0, 3]


def test_the_own_mix_counts_each_product_once():
    # bought: product 1 (of 7) twice, 2 (of 7), 4 (of 3), 6 (no category), and padding
    bought = tf.constant([[1, 2, 1, 4, 6, -1]], tf.int64)
    own = tf.constant([[7, 7, 7, 3, -1, 7]], tf.int64)
    mix = own_mix(own, bought, tf.constant([[7, 3, 5, -1]], tf.int64), 8)
    assert mix.numpy()[0] == pytest.approx([2 / 3, 1 / 3, 0, 0])


def test_the_column_of_a_mix_is_the_coarsest_that_tells_enough():
    of_two, of_five, of_six = np.arange(12) % 2, np.arange(12) % 5, np.arange(12) % 6
    assert coarsest(np.stack([of_two, of_six, of_five], axis=1)).tolist() == of_five.tolist()
    assert coarsest(np.stack([of_two, np.zeros(12, int)], axis=1)).tolist() == of_two.tolist()
    assert coarsest(np.zeros((12, 1), int)) is None and coarsest(np.zeros((12, 0), int)) is None


def test_a_list_moves_to_the_mix_and_that_of_a_stranger_stays():
    stage = Calibration(np.array([0, 0, 0, 1, 1, 1]), 0.9)
    order = tf.constant([[0, 1, 2, 3, 4, 5]] * 2)
    index = tf.constant([[0, 1, 2, 3, 4, 5]] * 2, tf.int64)
    scores = tf.constant([[6.0, 5.0, 4.0, 3.0, 2.0, 1.0]] * 2)
    bought = tf.constant([[3, 0], [-1, -1]], tf.int64)
    calibrate = in_graph(lambda: stage(order, index, scores, bought, tf.constant(4)))
    mixed, stranger = calibrate().numpy().tolist()
    assert stranger == [0, 1, 2, 3, 4, 5]
    assert sorted(mixed) == stranger and {place // 3 for place in mixed[:2]} == {0, 1}
    assert sum(place < 3 for place in mixed[:4]) == 2
