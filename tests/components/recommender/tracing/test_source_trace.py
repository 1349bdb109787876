"""Ranks in the sources and before the preranker, beside what numpy finds in the tables of the small shop."""

import numpy as np
import pytest

from components.recommender.candidates.preranker import load_preranker
from components.recommender.candidates.sources import SOURCE_NAMES, CandidateSources
from components.recommender.candidates.tables import load_tables
from components.recommender.tracing.source_trace import trace_sources
from schema import names

import tensorflow as tf  # isort: skip  (after the package that chooses the Keras version)

HISTORIES = [[3, 8, 3, 12, 9], [20, -1, -1, -1, -1], [-1, -1, -1, -1, -1]]
AGES = [[40.0, 30.0, 9.0, 2.0, 0.5], [5.0, 0.0, 0.0, 0.0, 0.0], [0.0] * 5]


@pytest.fixture(scope="module", params=[(6, 12, True), (4, 20, True), (9, 9, False)])
def traced(request, trained_shop):
    """Each product that is not hidden, for each of three users: tables, queries and what the trace says."""
    num_candidates, pool_size, preranked = request.param
    tables = load_tables(trained_shop.directory / "index", trained_shop.plan.windows.test_start)
    preranker = load_preranker(trained_shop.directory / "preranker") if preranked else None
    sources = CandidateSources(tables, num_candidates, 12.0, preranker, pool_size)
    rng = np.random.default_rng(1)
    queries = rng.normal(size=(3, tables.embeddings.shape[1]))
    queries = (queries / np.linalg.norm(queries, axis=1, keepdims=True)).astype(np.float32)
    products = np.flatnonzero(tables.available)
    found = {}
    for user, embedding in enumerate(queries):
        batch = len(products)
        query = {
            names.HISTORY_INDEX: tf.constant(np.tile(HISTORIES[user], (batch, 1)), tf.int64),
            names.HISTORY_AGE: tf.constant(np.tile(AGES[user], (batch, 1)), tf.float32),
        }
        retrieved = sources.retrieved(
            tf.constant(np.tile(embedding, (batch, 1))),
            query[names.HISTORY_INDEX],
            query[names.HISTORY_AGE],
            tf.fill([batch], tf.constant(user, tf.int64)),
        )
        made = trace_sources(sources, retrieved, query, tf.constant(products, tf.int64))
        found[user] = {name: value.numpy() for name, value in made.items()} | {
            "pool": retrieved.pool.numpy()[0],
            "candidates": retrieved.found[names.CANDIDATE_INDEX].numpy()[0],
        }
    return tables, products, queries, found


def test_a_product_is_in_the_pool_if_its_rank_in_a_source_would_suffice(traced):
    _, products, _, found = traced
    for of_user in found.values():
        rank, needed = of_user["source_rank"], of_user["source_needed"]
        suffices = ((rank > 0) & (rank <= needed)).any(axis=1)
        in_pool = np.isin(products, of_user["pool"])
        assert in_pool.any() and not in_pool.all()
        np.testing.assert_array_equal(suffices, in_pool)
        place = [of_user["pool"].tolist().index(product) + 1 for product in products[in_pool]]
        np.testing.assert_array_equal(of_user["pool_rank"][in_pool], place)
        assert (of_user["pool_rank"][~in_pool] == 0).all()


def test_a_pooled_product_is_a_candidate_if_it_is_reserved_or_its_rank_would_suffice(traced):
    _, products, _, found = traced
    for of_user in found.values():
        if not of_user["preranker_needed"].any():
            continue  # without a preranker
        stays = of_user["is_reserved"] | (of_user["preranker_rank"] <= of_user["preranker_needed"])
        stays &= of_user["pool_rank"] > 0
        np.testing.assert_array_equal(stays, np.isin(products, of_user["candidates"]))


def test_ranks_by_the_towers_are_those_of_the_cosines(traced):
    tables, products, queries, found = traced
    for user, of_user in found.items():
        cosine = tables.embeddings[products] @ queries[user]
        expected = 1 + np.argsort(np.argsort(-cosine))
        np.testing.assert_array_equal(of_user["source_rank"][:, SOURCE_NAMES.index("two_tower")], expected)


def test_ranks_in_the_history_count_back_from_the_newest_event(traced):
    _, products, _, found = traced
    backwards = {9: 1, 12: 2, 3: 3, 8: 4}
    own = SOURCE_NAMES.index("own_history")
    expected = [backwards.get(product, 0) for product in products]
    np.testing.assert_array_equal(found[0]["source_rank"][:, own], expected)
    assert not found[2]["source_rank"][:, own].any()


def test_lists_that_are_the_same_for_all_give_their_places(traced):
    tables, products, _, found = traced
    for name in ("popular", "trending"):
        listed = getattr(tables.snapshot, name).tolist()
        expected = [1 + listed.index(product) if product in listed else 0 for product in products]
        ranks = found[2]["source_rank"][:, SOURCE_NAMES.index(name)]
        np.testing.assert_array_equal(ranks, expected)
