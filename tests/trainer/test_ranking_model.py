"""The cross network by hand, and the ranker as a whole."""

from __future__ import annotations

import numpy as np
import pytest

from schema import names
from trainer.affinity import AffinityInputs
from trainer.ranking_model import CrossNetwork, RankingModel
from trainer.settings import RankingSettings

import tensorflow as tf  # isort: skip  (after the package that chooses the Keras version)

NUM_PRODUCTS = 12


def test_a_cross_layer_by_hand():
    network = CrossNetwork(1, seed=1)
    network(tf.zeros([1, 2]))
    network.dense[0].set_weights([np.array([[1.0, 0.0], [2.0, 3.0]]), np.array([0.5, -1.0])])
    # x = (2, 1): W x + b = (2 + 2 + 0.5, 3 - 1) = (4.5, 2); x * that + x = (9 + 2, 2 + 1).
    assert network(tf.constant([[2.0, 1.0]])).numpy().tolist() == [[11.0, 3.0]]


def test_the_second_cross_layer_multiplies_with_the_input_again():
    network = CrossNetwork(2, seed=1)
    network(tf.zeros([1, 1]))
    for layer in network.dense:
        layer.set_weights([np.array([[1.0]]), np.array([1.0])])
    # x = 2: 2 * (2 + 1) + 2 = 8; then 2 * (8 + 1) + 8 = 26.
    assert network(tf.constant([[2.0]])).numpy().tolist() == [[26.0]]


def test_no_cross_layer_changes_nothing():
    assert CrossNetwork(0, seed=1)(tf.constant([[2.0, 1.0]])).numpy().tolist() == [[2.0, 1.0]]


def build(seed=1, **settings):
    affinity = AffinityInputs(
        categories={"product__colour": (np.arange(NUM_PRODUCTS) % 3).astype(np.int32)},
        numbers={},
        positive_types=(True,),
        window_days=7.0,
    )
    return RankingModel(affinity, RankingSettings(hidden_dim=16, **settings), seed)


def batch(size=16, width=6, seed=0):
    """Who bought a product before buys it again: a candidate is relevant if it is in the history."""
    rng = np.random.default_rng(seed)
    candidates = np.array([rng.permutation(NUM_PRODUCTS)[:width] for _ in range(size)])
    history = np.stack([candidates[:, 0], candidates[:, 1]], axis=1)
    order = rng.permuted(np.tile(np.arange(width), (size, 1)), axis=1)
    candidates = np.take_along_axis(candidates, order, axis=1)
    label = (candidates[:, :, None] == history[:, None, :]).any(axis=2)
    statistics = rng.normal(size=(size, width, names.NUM_CANDIDATE_FEATURES))
    return {
        "history_index": tf.constant(history, tf.int64),
        "history_age": tf.constant(np.tile([9.0, 3.0], (size, 1)), tf.float32),
        "history_type": tf.zeros([size, 2], tf.int64),
        "candidate_index": tf.constant(candidates, tf.int64),
        "candidate_features": tf.constant(statistics, tf.float32),
        "query_embedding": tf.constant(rng.normal(size=(size, 4)), tf.float32),
        "query_time": tf.fill([size], tf.constant(10 * 86_400, tf.int64)),
        "user_index": tf.range(size, dtype=tf.int64),
        "label": tf.constant(label, tf.float32),
        "num_targets": tf.fill([size], tf.constant(2, tf.int64)),
    }


@pytest.fixture(scope="module")
def trained():
    model = build()
    model.compile(optimizer=tf.keras.optimizers.Adam(0.01))
    data = tf.data.Dataset.from_tensors(batch())
    model.adapt(data)
    model.fit(data.repeat(80), epochs=1, verbose=0)
    return model


def test_scores_and_probabilities_are_one_for_each_candidate(trained):
    outputs = trained(batch(5, 4))
    assert outputs["scores"].shape == outputs["probabilities"].shape == (5, 4)
    assert ((outputs["probabilities"].numpy() >= 0) & (outputs["probabilities"].numpy() <= 1)).all()


def test_it_learns_that_what_was_bought_comes_again(trained):
    fresh = batch(50, seed=9)
    scores, label = trained(fresh)["scores"].numpy(), fresh["label"].numpy() > 0
    least_positive = np.where(label, scores, np.inf).min(axis=1)
    assert (least_positive > np.where(label, -np.inf, scores).max(axis=1)).mean() > 0.9


def test_probabilities_learn_the_same(trained):
    fresh = batch(50, seed=9)
    probabilities, label = trained(fresh)["probabilities"].numpy(), fresh["label"].numpy() > 0
    assert probabilities[label].mean() > probabilities[~label].mean() + 0.1


def test_scores_do_not_depend_on_the_other_candidates(trained):
    whole, part = batch(), batch()
    for name in ("candidate_index", "candidate_features"):
        part[name] = part[name][:, :2]
    np.testing.assert_allclose(trained(part)["scores"], trained(whole)["scores"][:, :2], rtol=1e-4, atol=1e-5)


def test_units_are_dropped_in_training_only():
    model, inputs = build(dropout=0.5), batch()
    model(inputs)
    np.testing.assert_array_equal(model(inputs)["scores"], model(inputs)["scores"])
    assert np.abs(model(inputs, training=True)["scores"] - model(inputs)["scores"]).max() > 1e-6


def test_a_wild_feature_cannot_carry_the_score_away(trained):
    inputs = batch()
    wild = inputs | {"candidate_features": inputs["candidate_features"] * 1e12}
    assert np.isfinite(trained(wild)["scores"]).all()
    assert np.abs(trained(wild)["scores"]).max() < 1e4


def test_the_seed_decides_the_initial_weights():
    one, same, other = (build(seed)(batch())["scores"].numpy() for seed in (1, 1, 2))
    np.testing.assert_array_equal(one, same)
    assert not np.allclose(one, other)


def test_explanations_come_along(trained):
    inputs = batch()
    outputs = trained(inputs)
    np.testing.assert_array_equal(outputs["times_bought"], inputs["label"])


def test_training_lowers_the_loss():
    model = build()
    model.compile(optimizer=tf.keras.optimizers.Adam(0.01))
    data = tf.data.Dataset.from_tensors(batch())
    model.adapt(data)
    losses = [model.fit(data.repeat(10), epochs=1, verbose=0).history["loss"][0] for _ in range(3)]
    assert losses[2] < losses[0]


def test_the_probability_does_not_steer_the_score():
    """The pointwise head reads the network but must not train it: its gradient stops."""
    model, inputs = build(), batch()
    model(inputs)
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(model(inputs)["logits"])
    gradients = tape.gradient(loss, model.trainable_variables)
    moved = [v for v, g in zip(model.trainable_variables, gradients, strict=True) if g is not None]
    assert {id(variable) for variable in moved} == {id(v) for v in model.purchase.trainable_variables}
