"""The preranker learns a rule, weighs its pairs and repeats itself."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from components.preranking_trainer.executor import fit_preranker
from components.recommender.candidates.preranker import Preranker, load_preranker
from components.settings import PrerankingSettings

SETTINGS = PrerankingSettings(hidden_dim=8, num_epochs=8, batch_size=256, learning_rate=0.02)


def pairs(seed=0, size=6000):
    """Bought if the product of the first two features is large: no linear score tells."""
    random = np.random.default_rng(seed)
    features = random.normal(size=(size, 4)).astype(np.float32)
    return features, features[:, 0] * features[:, 1] > 0.5


def scores(weights, features):
    return Preranker(weights)(tf.constant(features)[tf.newaxis])[0].numpy()


def area_under_curve(labels, values):
    rank = np.argsort(np.argsort(values)) + 1.0
    positive = labels.sum()
    return (rank[labels].sum() - positive * (positive + 1) / 2) / (positive * (~labels).sum())


def fit(labels=None, importance=None, seed=3):
    features, bought = pairs()
    labels = bought if labels is None else labels
    importance = np.ones(len(features), np.float32) if importance is None else importance
    return fit_preranker(features, labels, importance, SETTINGS, seed)


def test_it_learns_what_is_bought():
    features, bought = pairs(seed=9)
    assert area_under_curve(bought, scores(fit(), features)) > 0.97


def test_labels_at_random_teach_nothing():
    # The counter-check: without the relation the same training must not find one.
    shuffled = np.random.default_rng(5).permutation(pairs()[1])
    features, bought = pairs(seed=9)
    assert area_under_curve(bought, scores(fit(shuffled), features)) == pytest.approx(0.5, abs=0.15)


def test_pairs_of_no_importance_do_not_matter():
    _, bought = pairs()
    wrong = np.arange(len(bought)) % 2 == 0
    labels = np.where(wrong, ~bought, bought)
    importance = np.where(wrong, 0.0, 1.0).astype(np.float32)
    fresh, truth = pairs(seed=9)
    assert area_under_curve(truth, scores(fit(labels, importance), fresh)) > 0.95


def test_the_same_seed_gives_the_same_weights():
    for name, values in vars(fit()).items():
        np.testing.assert_array_equal(values, getattr(fit(), name), err_msg=name)


def test_another_seed_gives_others():
    assert not np.array_equal(fit(seed=3).hidden_kernel, fit(seed=4).hidden_kernel)


def test_a_constant_feature_does_no_harm():
    features, bought = pairs()
    features[:, 3] = 7.0
    weights = fit_preranker(features, bought, np.ones(len(features), np.float32), SETTINGS, 3)
    assert np.isfinite(scores(weights, features)).all()


def test_what_is_saved_is_loaded(tmp_path):
    weights = fit()
    weights.save(tmp_path / "new")
    loaded = load_preranker(tmp_path / "new")
    for name, values in vars(weights).items():
        np.testing.assert_array_equal(values, getattr(loaded, name))
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["preranker.npz"]


def test_nothing_saved_is_nothing_loaded(tmp_path):
    assert load_preranker(tmp_path) is None
