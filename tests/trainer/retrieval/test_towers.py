"""The towers: what they add up, that ids are hidden in training only, and that padding is nothing."""

from __future__ import annotations

import numpy as np
import pytest

from schema.features import FeatureColumn, Kind
from trainer.retrieval.towers import CandidateTower, ProductEncoder, QueryInputs, QueryTower, mean_of_words
from trainer.shared.catalog import ProductTable

import tensorflow as tf  # isort: skip  (after the package that chooses the Keras version)

NUM_PRODUCTS = 6


def table(**columns):
    empty = {"categories": {}, "texts": {}, "embeddings": {}}
    return ProductTable(size=NUM_PRODUCTS, available=np.ones(NUM_PRODUCTS, bool), **(empty | columns))


def rich_table():
    return table(
        categories={"product__colour": np.array([0, 1, 2, 2, 3, 3], np.int32)},
        texts={"product__title": np.array([[0, 1], [1, -1], [-1, -1], [2, 2], [0, -1], [1, 2]], np.int32)},
        embeddings={"product__vector": np.arange(12, dtype=np.float32).reshape(6, 2)},
    )


SIZES = {"product__colour": 5, "product__title": 4}
ALL = tf.range(NUM_PRODUCTS, dtype=tf.int64)


def test_a_representation_is_the_sum_of_id_and_features():
    encoder = ProductEncoder(rich_table(), 4, 0.0, SIZES, seed=1)
    outputs = encoder(ALL).numpy()
    ids = encoder.ids.get_weights()[0]
    colour = encoder.category_embeddings["product__colour"].get_weights()[0]
    words = encoder.text_embeddings["product__title"].get_weights()[0]
    projection = encoder.projections["product__vector"].get_weights()[0]
    expected = ids[0] + colour[0] + (words[0] + words[1]) / 2 + np.array([0, 1]) @ projection
    np.testing.assert_allclose(outputs[0], expected, rtol=1e-5, atol=1e-6)
    # Product 2 has no word at all.
    expected = ids[2] + colour[2] + np.array([4, 5]) @ projection
    np.testing.assert_allclose(outputs[2], expected, rtol=1e-5, atol=1e-6)


def test_a_product_outside_the_table_is_the_sum_of_its_features():
    encoder = ProductEncoder(rich_table(), 4, 0.0, SIZES, seed=1)
    given = {
        "product__colour": tf.constant([0, 2, 99], tf.int64),
        "product__title": tf.constant([[0, 1], [-1, -1], [3, 99]], tf.int64),
        "product__vector": tf.constant([[0.0, 1.0], [4.0, 5.0], [1.0, 1.0]]),
    }
    ids = encoder.ids(tf.constant([0, 2])).numpy()
    in_table = encoder(tf.constant([0, 2], tf.int64)).numpy()
    outside = encoder.represent(given).numpy()
    np.testing.assert_allclose(outside[:2], in_table - ids, rtol=1e-5, atol=1e-6)
    # Indices beyond the tables are the last ones.
    colour = encoder.category_embeddings["product__colour"].get_weights()[0]
    words = encoder.text_embeddings["product__title"].get_weights()[0]
    projection = encoder.projections["product__vector"].get_weights()[0]
    expected = colour[4] + words[3] + np.array([1, 1]) @ projection
    np.testing.assert_allclose(outside[2], expected, rtol=1e-5, atol=1e-6)


def test_words_beyond_the_sixteenth_are_left_out_as_in_the_table():
    columns = {"product__title": np.zeros((NUM_PRODUCTS, 16), np.int32)}
    encoder = ProductEncoder(table(texts=columns), 4, 0.0, {"product__title": 3}, seed=1)
    encoder(ALL)
    words = np.array([[1] * 16 + [2] * 4, [1] * 16 + [-1] * 4])
    found = encoder.represent({"product__title": tf.constant(words, tf.int64)}).numpy()
    np.testing.assert_allclose(found[0], found[1], rtol=1e-6)


def test_whether_features_are_read():
    assert ProductEncoder(rich_table(), 4, 0.0, SIZES, seed=1).reads_features
    assert not ProductEncoder(table(), 4, 0.0, {}, seed=1).reads_features


def test_products_are_represented_alike_in_any_order():
    encoder = ProductEncoder(rich_table(), 4, 0.0, SIZES, seed=1)
    np.testing.assert_allclose(encoder(ALL[::-1]).numpy(), encoder(ALL).numpy()[::-1], rtol=1e-6)


def test_a_table_without_features_is_ids_alone():
    encoder = ProductEncoder(table(), 4, 0.0, {}, seed=1)
    np.testing.assert_array_equal(encoder(ALL).numpy(), encoder.ids.get_weights()[0])


def test_ids_are_hidden_in_training():
    encoder = ProductEncoder(table(), 4, 0.5, {}, seed=1)
    many = tf.zeros([4000], tf.int64)
    hidden = (encoder(many, training=True).numpy() == 0).all(axis=1).mean()
    assert hidden == pytest.approx(0.5, abs=0.05)


def test_what_is_not_hidden_is_as_it_was():
    encoder = ProductEncoder(table(), 4, 0.5, {}, seed=1)
    outputs, full = encoder(tf.zeros([50], tf.int64), training=True).numpy(), encoder.ids.get_weights()[0][0]
    kept = outputs[np.abs(outputs).sum(axis=1) > 0]
    np.testing.assert_allclose(kept, np.tile(full, (len(kept), 1)))


def test_a_hidden_id_leaves_the_features():
    encoder = ProductEncoder(rich_table(), 4, 0.999999, SIZES, seed=1)
    full, hidden = encoder(ALL).numpy(), encoder(ALL, training=True).numpy()
    np.testing.assert_allclose(full - hidden, encoder.ids.get_weights()[0], rtol=1e-4, atol=1e-6)


def test_ids_are_not_hidden_in_serving():
    encoder = ProductEncoder(table(), 4, 0.9, {}, seed=1)
    np.testing.assert_array_equal(encoder(ALL).numpy(), encoder.ids.get_weights()[0])


def test_seeds_decide_the_initial_weights():
    one, same, other = (ProductEncoder(table(), 4, 0.0, {}, seed)(ALL).numpy() for seed in (1, 1, 2))
    np.testing.assert_array_equal(one, same)
    assert not np.allclose(one, other)


def test_candidates_have_unit_length():
    outputs = CandidateTower(8, 16)(tf.random.normal([5, 8], seed=1)).numpy()
    np.testing.assert_allclose(np.linalg.norm(outputs, axis=1), 1.0, rtol=1e-5)


def test_the_words_of_a_text_have_a_mean():
    layer = tf.keras.layers.Embedding(3, 2)
    layer(tf.constant([0]))
    layer.set_weights([np.array([[1.0, 0.0], [0.0, 4.0], [5.0, 5.0]])])
    means = mean_of_words(layer, tf.constant([[0, 1], [1, -1], [-1, -1]])).numpy()
    assert means.tolist() == [[0.5, 2.0], [0.0, 4.0], [0.0, 0.0]]


COLUMNS = {
    "user__town": FeatureColumn(name="town", kind=Kind.CATEGORY),
    "user__about": FeatureColumn(name="about", kind=Kind.TEXT),
    "user__vector": FeatureColumn(name="vector", kind=Kind.EMBEDDING, dim=2),
}


def query_tower(id_dropout=0.0, columns=COLUMNS):
    return QueryTower(
        QueryInputs(
            columns=columns,
            sizes={"user__town": 5, "user__about": 6},
            num_users=3,
            half_lives=(2.0,),
            num_event_types=1,
        ),
        dim=4,
        hidden_dim=8,
        id_dropout=id_dropout,
        seed=1,
    )


def queries(width=2, **values):
    inputs = {
        "history_index": tf.constant([[0, 1] + [-1] * (width - 2), [-1] * width]),
        "history_age": tf.constant([[5.0, 1.0] + [0.0] * (width - 2), [0.0] * width]),
        "history_type": tf.constant([[0, 0] + [-1] * (width - 2), [-1] * width]),
        "user_index": tf.constant([2, -1], tf.int64),
        "user__town": tf.constant([1, 0], tf.int64),
        "user__about": tf.constant([[3, 4], [-1, -1]], tf.int64),
        "user__vector": tf.constant([[0.5, 0.25], [0.0, 0.0]]),
    }
    return inputs | values


def products(width=2):
    """The same two events first; what stands under the padding is wild."""
    start = np.random.default_rng(0).normal(size=(2, 2, 4))
    rest = np.random.default_rng(1).normal(size=(2, width - 2, 4)) * 100
    return tf.constant(np.concatenate([start, rest], axis=1), tf.float32)


def test_queries_have_unit_length():
    outputs = query_tower()(queries(), products()).numpy()
    np.testing.assert_allclose(np.linalg.norm(outputs, axis=1), 1.0, rtol=1e-5)


def test_padding_of_the_history_changes_nothing():
    tower = query_tower()
    np.testing.assert_allclose(
        tower(queries(), products()), tower(queries(7), products(7)), rtol=1e-4, atol=1e-6
    )


@pytest.mark.parametrize("name", ["user_index", "user__town", "user__about", "user__vector"])
def test_every_feature_of_the_user_is_read(name):
    tower, inputs = query_tower(), queries()
    before = tower(inputs, products()).numpy()
    after = tower(inputs | {name: tf.reverse(inputs[name], [0])}, products()).numpy()
    assert np.abs(before - after).max() > 1e-5


def test_user_ids_are_hidden_in_training_only():
    tower = query_tower(0.999999)
    strangers = queries(user_index=tf.constant([-1, -1], tf.int64))
    hidden = tower(queries(), products(), training=True).numpy()
    np.testing.assert_allclose(hidden, tower(strangers, products()).numpy(), rtol=1e-5, atol=1e-6)
    assert np.abs(tower(queries(), products()).numpy()[0] - hidden[0]).max() > 1e-6


def test_users_without_any_feature():
    inputs = {name: value for name, value in queries().items() if "__" not in name}
    assert query_tower(columns={})(inputs, products()).shape == (2, 4)
