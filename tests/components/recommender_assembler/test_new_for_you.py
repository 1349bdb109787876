"""The signature that lists products that were never sold."""

import numpy as np
import pyarrow.parquet as pq
import pytest

from components.evaluation.examples import read_split
from components.evaluation.served import query_batches
from schema.served.request import encode_queries

import tensorflow as tf  # isort: skip  (after the package that chooses the Keras version)


@pytest.fixture(scope="module")
def asked(trained_shop):
    model = tf.saved_model.load(trained_shop.model)
    features = trained_shop.plan.features
    length = trained_shop.plan.config.split.history_length
    table = read_split(str(trained_shop.directory / "raw"), "test")
    queries = [query for batch in query_batches(table, features) for query in batch]
    inputs = {name: tf.constant(value) for name, value in encode_queries(features, queries, length).items()}

    def ask(top_k):
        answer = model.signatures["new_for_you"](**inputs, top_k=tf.constant(top_k, tf.int64))
        return answer["product_id"].numpy().astype(str), answer["score"].numpy()

    return ask


def never_sold(shop):
    """Products without a purchase before the cutoff that is served, apart from hidden ones."""
    parts = sorted((shop.directory / "interactions").glob("part-*.parquet"))
    sold = set()
    for part in parts:
        events = pq.read_table(part).to_pandas()
        sold |= set(events[events.occurred_at < shop.plan.windows.test_start].product_id.astype(str))
    return set(shop.product_ids) - sold - set(shop.hidden)


def test_it_lists_all_products_that_were_never_sold_and_no_others(asked, trained_shop):
    products, scores = asked(30)
    expected = never_sold(trained_shop)
    for row, score in zip(products, scores, strict=True):
        shown = [entry for entry in row if entry]
        assert set(shown) == expected and len(shown) == len(expected)
        assert (np.diff(score[: len(shown)]) <= 0).all() and np.isnan(score[len(shown) :]).all()


def test_a_short_list_is_the_beginning_of_a_long_one(asked):
    np.testing.assert_array_equal(asked(1)[0], asked(30)[0][:, :1])
