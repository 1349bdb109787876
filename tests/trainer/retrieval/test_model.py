"""Drawing targets, and the two towers as a whole."""

from __future__ import annotations

import numpy as np
import pytest

from trainer.retrieval.metrics import embed_catalog, recall_at_k
from trainer.retrieval.model import RetrievalModel, draw_targets
from trainer.retrieval.towers import CandidateTower, ProductEncoder, QueryInputs, QueryTower
from trainer.settings import RetrievalSettings
from trainer.shared.catalog import ProductTable

import tensorflow as tf  # isort: skip  (after the package that chooses the Keras version)

NUM_PRODUCTS = 8


def ragged(rows, dtype):
    return tf.RaggedTensor.from_row_lengths(
        tf.constant([value for row in rows for value in row], dtype), [len(row) for row in rows]
    )


TARGETS = ragged([[3], [1, 2, 5], [0, 7]], tf.int64)
WEIGHTS = ragged([[1.0], [0.5, 1.0, 2.0], [4.0, 8.0]], tf.float32)


def test_as_many_targets_as_wanted_are_drawn_of_each_query():
    rows, drawn, weights = draw_targets(TARGETS, WEIGHTS, 4)
    assert rows.numpy().tolist() == [0] * 4 + [1] * 4 + [2] * 4
    assert len(drawn) == len(weights) == 12


def test_drawn_targets_are_those_of_the_query_with_their_weights():
    weight_of = [{3: 1.0}, {1: 0.5, 2: 1.0, 5: 2.0}, {0: 4.0, 7: 8.0}]
    rows, drawn, weights = (value.numpy() for value in draw_targets(TARGETS, WEIGHTS, 200))
    assert all(
        weight_of[row][product] == weight for row, product, weight in zip(rows, drawn, weights, strict=True)
    )


def test_targets_are_drawn_uniformly():
    _, drawn, _ = draw_targets(TARGETS, WEIGHTS, 6000)
    share = np.bincount(drawn.numpy(), minlength=8) / 6000
    np.testing.assert_allclose(share, [1 / 2, 1 / 3, 1 / 3, 1, 0, 1 / 3, 0, 1 / 2], atol=0.04)


def build(num_uniform_negatives=16, id_dropout=0.0, shares=None):
    tf.keras.utils.set_random_seed(3)
    table = ProductTable(NUM_PRODUCTS, np.ones(NUM_PRODUCTS, bool), {}, {}, {})
    settings = RetrievalSettings(
        embedding_dim=8, hidden_dim=8, num_uniform_negatives=num_uniform_negatives, targets_per_query=2
    )
    tower = QueryTower(
        QueryInputs(
            columns={},
            sizes={},
            num_users=4,
            half_lives=(2.0,),
            num_event_types=1,
        ),
        dim=8,
        hidden_dim=8,
        id_dropout=id_dropout,
        seed=1,
    )
    shares = np.full(NUM_PRODUCTS, 1 / NUM_PRODUCTS, np.float32) if shares is None else shares
    encoder = ProductEncoder(table, 8, id_dropout, {}, 1)
    return RetrievalModel(encoder, CandidateTower(8, 8), tower, shares, settings)


def batch(size=32):
    """User n has bought product n % 8 and will buy product n % 8 + 1."""
    product = np.arange(size) % NUM_PRODUCTS
    return {
        "history_index": tf.constant(product[:, None], tf.int64),
        "history_age": tf.ones([size, 1]),
        "history_type": tf.zeros([size, 1], tf.int64),
        "user_index": tf.fill([size], tf.constant(-1, tf.int64)),
        "target_index": ragged([[int(p + 1) % NUM_PRODUCTS] for p in product], tf.int64),
        "target_weight": ragged([[1.0]] * size, tf.float32),
    }


def test_queries_and_candidates_meet_in_one_space():
    model = build()
    queries, candidates = model.embed_queries(batch(5)), model.embed_candidates(tf.range(8, dtype=tf.int64))
    assert (queries.shape, candidates.shape) == ((5, 8), (8, 8))
    np.testing.assert_allclose(tf.norm(queries, axis=1), 1.0, rtol=1e-5)


def test_the_catalog_is_embedded_in_the_order_of_indices():
    model = build()
    one_by_one = [model.embed_candidates(tf.constant([p], tf.int64)).numpy()[0] for p in range(NUM_PRODUCTS)]
    np.testing.assert_allclose(embed_catalog(model), one_by_one, rtol=1e-5, atol=1e-6)


def test_it_learns_what_follows_what():
    model = build()
    model.compile(optimizer=tf.keras.optimizers.Adam(0.02))
    data = tf.data.Dataset.from_tensors(batch())
    model.fit(data.repeat(60), epochs=1, verbose=0)
    assert recall_at_k(model, data, 1) == 1.0


def test_queries_whose_targets_weigh_nothing_teach_nothing():
    model = build()
    inputs = batch() | {"target_weight": ragged([[0.0]] * 32, tf.float32)}
    assert float(model.compute_loss(inputs, training=True)) == 0.0


def test_the_loss_does_not_depend_on_the_scale_of_weights():
    model = build()
    losses = []
    for scale in (1.0, 10.0):
        tf.random.set_seed(5)
        inputs = batch() | {"target_weight": ragged([[scale]] * 32, tf.float32)}
        losses.append(float(model.compute_loss(inputs)))
    assert losses[0] == pytest.approx(losses[1], rel=1e-5)


def test_the_loss_is_near_that_of_the_full_softmax():
    """With many negatives, in-batch and uniform, corrected for how often each is expected."""
    size = 512
    targets = np.arange(size) % 3  # some products are often drawn in the batch, others never
    shares = np.bincount(targets, minlength=NUM_PRODUCTS).astype(np.float32) / size
    model = build(num_uniform_negatives=800, shares=shares)
    inputs = batch(size) | {"target_index": ragged([[int(t)] for t in targets], tf.int64)}
    scores = (model.embed_queries(inputs).numpy() @ embed_catalog(model).numpy().T) / 0.07
    exact = np.log(np.exp(scores).sum(axis=1)) - scores[np.arange(size), targets]
    losses = [float(model.compute_loss(inputs)) for _ in range(5)]
    assert np.mean(losses) == pytest.approx(exact.mean(), rel=0.03)


def test_the_size_of_the_catalogue_is_known():
    assert build().num_products == NUM_PRODUCTS


def test_recall_is_the_mean_share_of_targets_found():
    class Fixed:
        """Query n is the n-th unit vector; products lie along it in the order of their scores."""

        num_products = 4

        def embed_queries(self, inputs):
            return tf.eye(2)[: inputs["target_index"].nrows()]

        def embed_candidates(self, products):
            return tf.gather(tf.constant([[4.0, 1.0], [3.0, 2.0], [2.0, 3.0], [1.0, 4.0]]), products)

    # Query 0 ranks 0, 1, 2, 3 and query 1 the other way round.
    one = {"target_index": ragged([[0, 1, 3], [0]], tf.int64)}
    two = {"target_index": ragged([[1]], tf.int64)}
    assert recall_at_k(Fixed(), [one, two], 2) == pytest.approx((2 / 3 + 0 + 1) / 3)
    assert recall_at_k(Fixed(), [one, two], 100) == 1.0
