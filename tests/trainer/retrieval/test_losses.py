"""Losses against sums worked out by hand and against the full softmax."""

from __future__ import annotations

import math

import numpy as np
import pytest

from trainer.retrieval import losses

import tensorflow as tf  # isort: skip  (after the package that chooses the Keras version)
from trainer.retrieval.losses import Negatives
from trainer.settings import RetrievalSettings

SHARES = np.array([0.5, 0.25, 0.25, 0.0, 0.0, 0.0], np.float32)
DRAWN = tf.constant([0, 0, 2, 1], tf.int64)
QUERIES = tf.constant([[1.0, 0.0], [0.0, 1.0]])


def sampled(positive, rows, scores, hits, counts):
    return losses.sampled_softmax_loss(
        tf.constant(positive, tf.float32),
        tf.constant(rows),
        tf.constant(scores, tf.float32),
        tf.constant(hits),
        tf.constant(counts, tf.float32),
    ).numpy()


def ragged(rows, dtype=tf.int64):
    return tf.RaggedTensor.from_row_lengths(
        tf.constant([value for row in rows for value in row], dtype), [len(row) for row in rows]
    )


def test_negatives_are_divided_by_how_often_they_are_expected():
    # Candidates weigh exp(1)/2 and exp(0)/0.5 beside the positive's exp(2).
    loss = sampled([2.0], [0], [[1.0, 0.0]], [[False, False]], [2.0, 0.5])
    partition = math.exp(2) + math.exp(1) / 2 + 1 / 0.5
    assert loss == pytest.approx([-math.log(math.exp(2) / partition)], rel=1e-6)


def test_the_positive_itself_is_not_corrected():
    # The positive is candidate 0, an accidental hit of its own: its expected count must not matter.
    rare = sampled([2.0], [0], [[2.0, 0.0]], [[True, False]], [1e-6, 1.0])
    often = sampled([2.0], [0], [[2.0, 0.0]], [[True, False]], [9.0, 1.0])
    assert rare == pytest.approx(often)
    assert rare == pytest.approx([math.log(1 + math.exp(-2))], rel=1e-6)


def test_accidental_hits_are_no_negatives():
    one = sampled([1.0], [0], [[0.5, 7.0]], [[False, True]], [1.0, 1.0])
    assert one == pytest.approx([math.log(1 + math.exp(0.5 - 1.0))], rel=1e-6)


def test_a_query_of_which_all_candidates_are_hits_has_no_loss():
    assert sampled([1.0], [0], [[3.0, 4.0]], [[True, True]], [1.0, 1.0]) == pytest.approx([0.0])


def test_each_pair_has_the_negatives_of_its_own_query():
    scores = [[0.0, 1.0], [2.0, 3.0]]
    loss = sampled([1.0, 1.0, 5.0], [0, 1, 1], scores, [[False, False]] * 2, [1.0, 1.0])
    first, second = math.exp(0) + math.exp(1), math.exp(2) + math.exp(3)
    expected = [math.log(1 + first / math.e), math.log(1 + second / math.e), math.log(1 + second / math.e**5)]
    assert loss == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("seed", range(3))
def test_the_estimate_tends_to_the_full_softmax(seed):
    """Sampled by any distribution, many corrected negatives give the partition function of all products."""
    rng = np.random.default_rng(seed)
    num_products, size, positive = 20, 200_000, 3
    scores = rng.normal(0, 2, num_products)
    shares = rng.dirichlet(np.ones(num_products))
    drawn = rng.choice(num_products, size, p=shares)
    loss = sampled([scores[positive]], [0], [scores[drawn]], [drawn == positive], size * shares[drawn])
    exact = np.log(np.exp(scores).sum()) - scores[positive]
    assert loss[0] == pytest.approx(exact, rel=0.03)


@pytest.mark.parametrize("seed", range(3))
def test_the_estimated_partition_is_unbiased_for_few_negatives(seed):
    """The mean over many small samples of what is added to the positive's term is that of all negatives."""
    rng = np.random.default_rng(seed)
    num_products, size, trials, positive = 12, 4, 40_000, 0
    scores = rng.normal(0, 1, num_products)
    shares = rng.dirichlet(3 * np.ones(num_products))
    drawn = rng.choice(num_products, (trials, size), p=shares)
    # Expected counts are those of one sample; one loss for each trial, by its own row of candidates.
    partitions = []
    for chosen in np.array_split(drawn, 40):
        corrected = scores[chosen] - np.log(size * shares[chosen])
        loss = sampled(
            np.full(len(chosen), scores[positive]),
            range(len(chosen)),
            corrected,
            chosen == positive,
            [1.0] * size,
        )
        partitions.append(np.exp(loss) * np.exp(scores[positive]))
    exact = np.exp(scores).sum()
    assert np.concatenate(partitions).mean() == pytest.approx(exact, rel=0.03)


def test_the_uncorrected_loss_would_be_off():
    """Guards the two tests above: without the division the estimate is far from the full softmax."""
    rng = np.random.default_rng(0)
    scores, shares = rng.normal(0, 2, 20), rng.dirichlet(np.ones(20))
    drawn = rng.choice(20, 1000, p=shares)
    loss = sampled([scores[3]], [0], [scores[drawn]], [drawn == 3], np.ones(1000))
    exact = np.log(np.exp(scores).sum()) - scores[3]
    assert abs(loss[0] - exact) > 0.3 * exact


def test_accidental_hits_are_found_row_by_row():
    hits = losses.find_accidental_hits(ragged([[1, 4], [0], [2, 3]]), tf.constant([4, 0, 2, 4], tf.int64), 5)
    assert hits.numpy().tolist() == [
        [True, False, False, True],
        [False, True, False, False],
        [False, False, True, False],
    ]


def test_the_last_product_of_a_row_is_no_hit_of_the_next():
    # Row 0 has product 4 of 5; key 4 + 0 must not be taken for product -1 of row 1 and so on.
    hits = losses.find_accidental_hits(ragged([[4], [0]]), tf.constant([0, 4], tf.int64), 5)
    assert hits.numpy().tolist() == [[False, True], [True, False]]


def test_accidental_hits_agree_with_brute_force():
    rng = np.random.default_rng(0)
    targets = [sorted(rng.choice(50, rng.integers(1, 9), replace=False).tolist()) for _ in range(40)]
    candidates = rng.integers(0, 50, 120)
    hits = losses.find_accidental_hits(ragged(targets), tf.constant(candidates, tf.int64), 50).numpy()
    assert hits.tolist() == [[int(c) in row for c in candidates] for row in targets]


def draw(**settings):
    negatives = Negatives(SHARES, RetrievalSettings(embedding_dim=2, **settings))
    # Product 3 lies where the first query is, product 4 where the second is, the others behind both.
    catalog = [[-1.0, -1.0]] * 3 + [[1.0, 0.0], [0.0, 1.0], [-1.0, -1.0]]
    negatives.refresh(lambda: tf.constant(catalog))
    products, expected = negatives.draw(DRAWN, QUERIES)
    return products.numpy().tolist(), expected.numpy().tolist()


def test_the_whole_catalogue_is_certain():
    assert draw(loss="full_softmax") == ([0, 1, 2, 3, 4, 5], [1.0] * 6)


def test_in_batch_candidates_are_the_drawn_targets():
    # Four draws: a product of probability p is expected 4 p times.
    assert draw(loss="in_batch") == ([0, 0, 2, 1], [2.0, 2.0, 1.0, 1.0])


def test_uniform_negatives_are_expected_everywhere():
    products, expected = draw(num_uniform_negatives=3000)
    assert products[:4] == [0, 0, 2, 1]
    assert expected[:4] == [502.0, 502.0, 501.0, 501.0]
    np.testing.assert_allclose(np.bincount(products[4:]) / 3000, np.full(6, 1 / 6), atol=0.035)


def test_hard_negatives_are_the_best_scored_ones():
    products, expected = draw(loss="in_batch", num_hard_negatives=1)
    assert sorted(products[4:]) == [3, 4]
    assert expected[4:] == [1.0, 1.0]


def test_hard_negatives_are_not_repeated():
    # Each query's two best: 3 and 4 with some of the rest; what is among the drawn ones already is left out.
    products, _ = draw(loss="in_batch", num_hard_negatives=6)
    assert sorted(products[4:]) == [3, 4, 5]


@pytest.mark.parametrize("loss", ["full_softmax", "in_batch"])
def test_uniform_negatives_belong_to_the_sampled_softmax_alone(loss):
    assert len(draw(loss=loss, num_uniform_negatives=50)[0]) == len(draw(loss=loss)[0])
