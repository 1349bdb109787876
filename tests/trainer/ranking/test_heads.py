"""The further heads: losses by hand, what they learn, and that the order does not notice them."""

from __future__ import annotations

import math

import numpy as np
import pytest

from trainer.ranking.head_metrics import find_head_targets, measure_heads, write_head_metrics
from trainer.ranking.heads import HeadTargets, RankingHeads
from trainer.ranking.lists import describe_lists, whole_lists

import tensorflow as tf  # isort: skip  (after the package that chooses the Keras version)

ALL = HeadTargets(("purchase", "view"), mean_quantity=2.0, mean_rating=3.0, rating_deviation=0.5)


def labelled(made):
    """What was bought before is viewed too, in threes rather than ones, and rated 5 rather than 2."""
    label = made["label"].numpy() > 0
    known = np.arange(label.shape[1]) < 4
    return made | {
        "label_events": tf.constant(np.stack([label, ~label], axis=-1), tf.float32),
        "label_quantity": tf.constant(np.where(known, np.where(label, 3.0, 1.0), np.nan), tf.float32),
        "label_rating": tf.constant(np.where(known, np.where(label, 5.0, 2.0), np.nan), tf.float32),
    }


def fit(small_ranker, targets, steps, **settings):
    tf.keras.utils.set_random_seed(1)
    model = small_ranker.build(heads=targets, dropout=0.0, **settings)
    model.compile(optimizer=tf.keras.optimizers.Adam(0.02))
    data = tf.data.Dataset.from_tensors(labelled(small_ranker.batch()))
    model.adapt(data)
    model.fit(data.repeat(steps), epochs=1, verbose=0)
    return model


@pytest.fixture(scope="module")
def fitted(small_ranker):
    return fit(small_ranker, ALL, 120)


def test_what_the_rows_hold_is_found(small_ranker):
    made = labelled(small_ranker.batch(4, 6))
    targets = find_head_targets([made], ["purchase", "view"])
    quantity, rating = (made[name].numpy()[:, :4] for name in ("label_quantity", "label_rating"))
    assert targets.event_types == ("purchase", "view")
    assert targets.mean_quantity == pytest.approx(quantity.mean())
    assert targets.mean_rating == pytest.approx(rating.mean())
    assert targets.rating_deviation == pytest.approx(rating.std())


def test_rows_without_labels_need_no_heads(small_ranker):
    empty = {name: tf.fill([4, 6], float("nan")) for name in ("label_quantity", "label_rating")}
    targets = find_head_targets([empty | {"label_events": tf.zeros([4, 6, 2])}], ["purchase", "view"])
    assert targets == HeadTargets()
    assert RankingHeads(targets, 0.0, 1).outputs == ()


def test_before_training_the_heads_say_the_means():
    predicted = RankingHeads(ALL, 0.0, 1)(tf.ones([1, 2, 3]), tf.ones([1, 2, 4]))
    assert predicted["expected_quantity"].numpy().tolist() == [[2.0, 2.0]]
    assert predicted["expected_rating"].numpy().tolist() == [[3.0, 3.0]]
    assert predicted["probability_view"].numpy().tolist() == [[0.5, 0.5]]


def test_the_loss_by_hand():
    heads = RankingHeads(ALL, 0.0, 1)
    predicted = {
        "type_logits": tf.zeros([1, 2, 2]),
        "expected_quantity": tf.constant([[2.0, 9.0]]),
        "expected_rating": tf.constant([[3.0, 9.0]]),
    }
    data = {
        "label_events": tf.ones([1, 2, 2]),
        "label_quantity": tf.constant([[4.0, float("nan")]]),
        "label_rating": tf.constant([[4.0, float("nan")]]),
    }
    # Cross-entropy of a half; Poisson 2 - 4 log 2; an error of two deviations, squared.
    expected = math.log(2) + (2 - 4 * math.log(2)) + 4
    assert heads.loss(predicted, data).numpy() == pytest.approx(expected, rel=1e-6)


def test_each_head_beats_the_best_constant_on_new_lists(small_ranker, fitted, tmp_path):
    data = tf.data.Dataset.from_tensors(labelled(small_ranker.batch(50, seed=9)))
    metrics = measure_heads(fitted, whole_lists(describe_lists(fitted, data, None), 64))
    for name in ("probability_purchase", "probability_view"):
        assert metrics[name]["log_loss"] < 0.7 * metrics[name]["constant_log_loss"]
    for name in ("expected_quantity", "expected_rating"):
        assert metrics[name]["rmse"] < 0.7 * metrics[name]["mean_rmse"]
        assert metrics[name]["mae"] < 0.7 * metrics[name]["mean_mae"]
    write_head_metrics(metrics, str(tmp_path))
    assert (tmp_path / "assets.extra" / "heads.json").exists()


def test_without_a_weight_the_order_does_not_notice_the_heads(small_ranker, fitted):
    plain = fit(small_ranker, None, 120)
    data = labelled(small_ranker.batch(5, seed=3))
    np.testing.assert_allclose(fitted(data)["scores"], plain(data)["scores"], rtol=1e-3, atol=1e-3)


def test_with_a_weight_it_does(small_ranker, fitted):
    shaped = fit(small_ranker, ALL, 20, head_weight=1.0)
    plain = fit(small_ranker, ALL, 20)
    data = labelled(small_ranker.batch(5, seed=3))
    assert np.abs(shaped(data)["scores"] - plain(data)["scores"]).max() > 1e-2
