"""The parts of a score: Shapley values by their definition, and their sum."""

import itertools
from math import factorial

import numpy as np
import pytest

from schema.served.score_parts import GROUPS, OWN_EVENTS
from trainer.ranking.rankers.base import PAIR_FEATURES
from trainer.ranking.score_parts import ScoreParts, coalitions, shapley_weights

import tensorflow as tf  # isort: skip  (after the package that chooses the Keras version)


def asked(small_ranker, kind="mlp", position=2):
    model = small_ranker.build(model=kind)
    batch = small_ranker.batch(size=3)
    model.adapt(tf.data.Dataset.from_tensors(batch))
    model(batch)
    rng = np.random.default_rng(3)
    for variable in model.trainable_variables:  # the correction begins at 0
        variable.assign(rng.normal(scale=0.3, size=variable.shape))
    model.strength.assign([0.7, 0.2])
    outputs = ScoreParts(model)(batch | {"position": tf.fill([3], position)})
    return model, batch, {name: np.asarray(value) for name, value in outputs.items()}


def test_the_weights_are_those_of_two_and_of_three():
    assert coalitions(2).tolist() == [[False, False], [True, False], [False, True], [True, True]]
    assert shapley_weights(2).tolist() == [[-0.5, 0.5, -0.5, 0.5], [-0.5, -0.5, 0.5, 0.5]]
    value = {(): 0, (0,): 1, (1,): 2, (2,): 0, (0, 1): 6, (0, 2): 1, (1, 2): 5, (0, 1, 2): 12}
    values = [value[tuple(np.flatnonzero(row))] for row in coalitions(3)]
    by_orders = np.zeros(3)
    for order in itertools.permutations(range(3)):
        for place, player in enumerate(order):
            before = tuple(sorted(order[:place]))
            by_orders[player] += value[tuple(sorted((*before, player)))] - value[before]
    np.testing.assert_allclose(shapley_weights(3) @ values, by_orders / factorial(3))


@pytest.mark.parametrize("kind", ["mlp", "dcn"])
def test_the_parts_add_up_to_the_difference_from_the_mean_candidate(small_ranker, kind):
    model, batch, outputs = asked(small_ranker, kind)
    np.testing.assert_allclose(outputs["score_of_it"], model(batch)["scores"][:, 2], rtol=1e-5)
    total = outputs["contributions"].sum(axis=1) + outputs["anchor_contribution"]
    difference = outputs["score_of_it"] - outputs["mean_score"]
    assert np.abs(difference).min() > 1e-3
    np.testing.assert_allclose(total, difference, atol=1e-5)


def test_one_part_by_the_definition(small_ranker):
    """Own events: the mean of what they add, by all coalitions of the others, each evaluated by itself."""
    model, batch, outputs = asked(small_ranker)
    described = model.described(batch)
    pair_features = described[PAIR_FEATURES].numpy()
    groups = np.array(model.figure_groups)
    assert pair_features.shape[-1] == len(groups)
    mean, own = pair_features.mean(axis=1), pair_features[:, 2]
    others = [name for name in GROUPS if name != OWN_EVENTS]
    total = np.zeros(3)
    for size in range(len(others) + 1):
        weight = factorial(size) * factorial(len(others) - size) / factorial(len(GROUPS))
        for chosen in itertools.combinations(others, size):
            present = np.isin(groups, [*chosen, ""])
            without = np.where(present, own, mean)
            with_it = np.where(present | (groups == OWN_EVENTS), own, mean)
            rows = tf.constant(np.stack([without, with_it], axis=1), tf.float32)
            values = model.correction({PAIR_FEATURES: rows}).numpy()
            total += weight * 0.7 * (values[:, 1] - values[:, 0])
    np.testing.assert_allclose(outputs["contributions"][:, 0], total, atol=1e-5)


def test_a_group_without_figures_gives_nothing(small_ranker):
    *_, outputs = asked(small_ranker)
    assert (np.abs(outputs["contributions"][:, GROUPS.index("numbers")]) < 1e-6).all()
    assert (np.abs(outputs["contributions"][:, GROUPS.index("own_events")]) > 1e-6).any()
