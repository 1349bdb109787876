"""The ranker as a whole."""

from __future__ import annotations

import numpy as np
import pytest

from schema.served.candidate_features import CANDIDATE_FEATURES, STATISTICS

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


def test_the_correction_begins_at_nothing(build, batch):
    """So an unfitted model orders as the classical baseline does that it starts from."""
    model, inputs = build(), batch()
    model.adapt(tf.data.Dataset.from_tensors(inputs))
    outputs = model(inputs)
    assert (outputs["correction"].numpy() == 0).all()
    # Own frequency by default: what was bought comes first, whatever the rest.
    ranked = np.take_along_axis(inputs["label"].numpy(), np.argsort(-outputs["scores"], axis=1), axis=1)
    assert (ranked[:, :2] == 1).all() and (ranked[:, 2:] == 0).all()


def test_the_loss_is_that_of_all_and_of_what_was_never_bought(build, batch):
    inputs = batch()
    bought = np.arange(inputs["label"].shape[1]) % 2 == 0
    rows = len(inputs["label"])
    losses = {}
    for weight in (0.0, 0.5):
        model = build(new_weight=weight)
        model.compile(optimizer=tf.keras.optimizers.Adam(0.01))
        model.adapt(tf.data.Dataset.from_tensors(inputs))
        scores = model(inputs)["scores"].numpy()[:, ~bought].astype(np.float64)
        losses[weight] = float(model.train_step(inputs | {"bought": tf.constant([bought] * rows)})["loss"])
    labels = inputs["label"].numpy()[:, ~bought]
    negatives = np.log(np.where(labels > 0, 0.0, np.exp(scores)).sum(axis=1, keepdims=True))
    each = np.where(labels > 0, np.log1p(np.exp(negatives - scores)), 0.0)
    alone = (each.sum(axis=1) / np.maximum((labels > 0).sum(axis=1), 1)).mean()
    assert losses[0.5] - losses[0.0] == pytest.approx(0.5 * alone, rel=1e-3)


def test_the_strength_scales_the_correction_of_users_with_and_without_history(trained, batch):
    inputs = batch()
    history = inputs["history_index"].numpy()
    history[::2] = -1  # every second user has none
    inputs = inputs | {"history_index": tf.constant(history)}
    before = trained.strength.numpy()
    try:
        trained.strength.assign([0.5, 0.0])
        outputs = trained(inputs)
    finally:
        trained.strength.assign(before)
    expected = outputs["anchored"] + np.tile([[0.0], [0.5]], (8, 1)) * outputs["correction"]
    np.testing.assert_allclose(outputs["scores"], expected, rtol=1e-5)
    assert np.abs(outputs["correction"]).max() > 0.1


def test_a_level_that_all_candidates_share_changes_no_order(trained, batch):
    """A shop that sells twice as much, or has been recorded for longer, asks for the same list."""
    inputs = batch()
    level = np.where(np.isin(CANDIDATE_FEATURES, STATISTICS), 3.0, 0.0).astype(np.float32)
    shifted = inputs | {"candidate_features": inputs["candidate_features"] + level}
    np.testing.assert_allclose(trained(shifted)["scores"], trained(inputs)["scores"], atol=1e-3)


def test_units_are_dropped_in_training_only(build, batch):
    model, inputs = build(dropout=0.5), batch()
    model(inputs)
    model.score.set_weights([np.ones_like(weights) for weights in model.score.get_weights()])
    np.testing.assert_array_equal(model(inputs)["scores"], model(inputs)["scores"])
    assert np.abs(model(inputs, training=True)["scores"] - model(inputs)["scores"]).max() > 1e-6


def test_a_wild_feature_cannot_carry_the_score_away(trained, batch):
    inputs = batch()
    wild = inputs | {"candidate_features": inputs["candidate_features"] * 1e12}
    assert np.isfinite(trained(wild)["scores"]).all()
    assert np.abs(trained(wild)["scores"]).max() < 1e4


def test_the_seed_decides_the_initial_weights(build, batch):
    def hidden(seed):
        model = build(seed)
        model(batch())
        return model.ranker.get_weights()

    one, same, other = map(hidden, (1, 1, 2))
    for first, second in zip(one, same, strict=True):
        np.testing.assert_array_equal(first, second)
    assert any(not np.allclose(first, second) for first, second in zip(one, other, strict=True))


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
