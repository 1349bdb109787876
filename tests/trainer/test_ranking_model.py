"""The ranker as a whole."""

from __future__ import annotations

import numpy as np
import pytest

import tensorflow as tf  # isort: skip  (after the package that chooses the Keras version)


@pytest.fixture(scope="module")
def build(small_ranker):
    return small_ranker.build


@pytest.fixture(scope="module")
def batch(small_ranker):
    return small_ranker.batch


@pytest.fixture(scope="module")
def trained(build, batch):
    model = build()
    model.compile(optimizer=tf.keras.optimizers.Adam(0.01))
    data = tf.data.Dataset.from_tensors(batch())
    model.adapt(data)
    model.fit(data.repeat(80), epochs=1, verbose=0)
    return model


def test_scores_and_probabilities_are_one_for_each_candidate(trained, batch):
    outputs = trained(batch(5, 4))
    assert outputs["scores"].shape == outputs["probabilities"].shape == (5, 4)
    assert ((outputs["probabilities"].numpy() >= 0) & (outputs["probabilities"].numpy() <= 1)).all()


def test_it_learns_that_what_was_bought_comes_again(trained, batch):
    fresh = batch(50, seed=9)
    scores, label = trained(fresh)["scores"].numpy(), fresh["label"].numpy() > 0
    least_positive = np.where(label, scores, np.inf).min(axis=1)
    assert (least_positive > np.where(label, -np.inf, scores).max(axis=1)).mean() > 0.9


def test_probabilities_learn_the_same(trained, batch):
    fresh = batch(50, seed=9)
    probabilities, label = trained(fresh)["probabilities"].numpy(), fresh["label"].numpy() > 0
    assert probabilities[label].mean() > probabilities[~label].mean() + 0.1


def test_scores_do_not_depend_on_the_other_candidates(trained, batch):
    whole, part = batch(), batch()
    for name in ("candidate_index", "candidate_features"):
        part[name] = part[name][:, :2]
    np.testing.assert_allclose(trained(part)["scores"], trained(whole)["scores"][:, :2], rtol=1e-4, atol=1e-5)


def test_units_are_dropped_in_training_only(build, batch):
    model, inputs = build(dropout=0.5), batch()
    model(inputs)
    np.testing.assert_array_equal(model(inputs)["scores"], model(inputs)["scores"])
    assert np.abs(model(inputs, training=True)["scores"] - model(inputs)["scores"]).max() > 1e-6


def test_a_wild_feature_cannot_carry_the_score_away(trained, batch):
    inputs = batch()
    wild = inputs | {"candidate_features": inputs["candidate_features"] * 1e12}
    assert np.isfinite(trained(wild)["scores"]).all()
    assert np.abs(trained(wild)["scores"]).max() < 1e4


def test_the_seed_decides_the_initial_weights(build, batch):
    one, same, other = (build(seed)(batch())["scores"].numpy() for seed in (1, 1, 2))
    np.testing.assert_array_equal(one, same)
    assert not np.allclose(one, other)


def test_explanations_come_along(trained, batch):
    inputs = batch()
    outputs = trained(inputs)
    np.testing.assert_array_equal(outputs["times_bought"], inputs["label"])


def test_training_lowers_the_loss(build, batch):
    model = build()
    model.compile(optimizer=tf.keras.optimizers.Adam(0.01))
    data = tf.data.Dataset.from_tensors(batch())
    model.adapt(data)
    losses = [model.fit(data.repeat(10), epochs=1, verbose=0).history["loss"][0] for _ in range(3)]
    assert losses[2] < losses[0]


def test_the_probability_does_not_steer_the_score(build, batch):
    """The pointwise head reads the network but must not train it: its gradient stops."""
    model, inputs = build(), batch()
    model(inputs)
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(model(inputs)["logits"])
    gradients = tape.gradient(loss, model.trainable_variables)
    moved = [v for v, g in zip(model.trainable_variables, gradients, strict=True) if g is not None]
    assert {id(variable) for variable in moved} == {id(v) for v in model.purchase.trainable_variables}
