"""What shifts the whole shop hardly changes the order of a list: volume, a gap, a promotion, dates."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.zoo.process import Recipe, Shop
from components.candidate_indexer.snapshots import Catalogue, build_snapshot
from components.interactions.events import ShopEvents
from components.recommender.candidates.sources import CandidateSources
from components.recommender.candidates.tables import CandidateTables
from components.settings import IndexSettings
from schema import names
from trainer.ranking.affinity import AffinityInputs
from trainer.ranking.model import RankingModel
from trainer.settings import RankingSettings

import tensorflow as tf  # isort: skip  (after the package that chooses the Keras version)

DAY = names.SECONDS_PER_DAY
WINDOW_DAYS = 8
NUM_PRODUCTS, NUM_QUERIES = 120, 40
RECIPE = Recipe(
    users=150, products=NUM_PRODUCTS, groups=12, days=80, visits=40.0, repeat=0.3, taste=0.3, zipf=1.0
)


@pytest.fixture(scope="module")
def shop():
    """User, product and time of each event."""
    events = Shop(RECIPE, 5).run()
    return events.user, events.product, events.time


@pytest.fixture(scope="module")
def ranker():
    """A ranker whose correction is an arbitrary function of all features: nothing of them is ignored."""
    affinity = AffinityInputs(NUM_PRODUCTS, {}, {}, (True,), float(WINDOW_DAYS))
    return RankingModel(affinity, RankingSettings(hidden_dim=32), seed=3)


def as_of(shop, cutoff, queries_of):
    """Candidates of some users at a cutoff, with their features, from the events before it."""
    user, product, time = shop
    size = len(user)
    events = ShopEvents(
        user.astype(np.int32),
        product.astype(np.int32),
        time.astype(np.int64),
        NUM_PRODUCTS,
        np.ones(size, bool),
        np.zeros(size, np.int32),
    )
    available, groups = np.ones(NUM_PRODUCTS, bool), np.zeros((NUM_PRODUCTS, 1), np.int64)
    snapshot = build_snapshot(
        events, Catalogue(available, groups), cutoff, WINDOW_DAYS * DAY, IndexSettings()
    )
    embeddings = np.eye(NUM_PRODUCTS, 4, dtype=np.float32)
    sources = CandidateSources(
        CandidateTables(embeddings, available, groups, snapshot), NUM_PRODUCTS, WINDOW_DAYS, num_new=0
    )
    past = time < cutoff
    histories = [np.flatnonzero(past & (user == one)) for one in queries_of]
    width = max(map(len, histories))
    index = np.full((len(histories), width), -1)
    age = np.zeros((len(histories), width), np.float32)
    for row, unordered in enumerate(histories):
        rows = unordered[np.argsort(time[unordered], kind="stable")]
        index[row, : len(rows)] = product[rows]
        age[row, : len(rows)] = (cutoff - time[rows]) / DAY
    history = {
        names.HISTORY_INDEX: tf.constant(index, tf.int64),
        names.HISTORY_AGE: tf.constant(age),
        names.HISTORY_TYPE: tf.constant(np.where(index >= 0, 0, -1), tf.int64),
    }
    query = tf.zeros([len(histories), 4])
    found = sources(
        query,
        history[names.HISTORY_INDEX],
        history[names.HISTORY_AGE],
        tf.constant(queries_of, tf.int64),
    )
    return history | {name: found[name] for name in (names.CANDIDATE_INDEX, names.CANDIDATE_FEATURES)}


def scores_by_product(model, batch):
    """`[queries, products]`."""
    order = np.argsort(batch[names.CANDIDATE_INDEX], axis=1)
    return np.take_along_axis(model(batch)["scores"].numpy(), order, axis=1)


@pytest.fixture(scope="module")
def fitted(shop, ranker):
    """The ranker, the users, the cutoff, and their scores in the shop as it is."""
    cutoff = int(shop[2].max()) // DAY * DAY + 1
    users = np.unique(shop[0])[:NUM_QUERIES]
    batch = as_of(shop, cutoff, users)
    ranker.adapt(tf.data.Dataset.from_tensors(batch))
    ranker(batch)
    weights = np.random.default_rng(0).normal(0, 0.1, ranker.score.get_weights()[0].shape)
    ranker.score.set_weights([weights])
    return ranker, users, cutoff, scores_by_product(ranker, batch)


def twice_the_volume(user, product, time, cutoff):
    """As many other users who buy the same at the same time."""
    return np.tile(user, 2) + np.repeat([0, 10_000], len(user)), np.tile(product, 2), np.tile(time, 2)


def a_week_missing(user, product, time, cutoff):
    kept = (time < cutoff - 21 * DAY) | (time >= cutoff - 14 * DAY)
    return user[kept], product[kept], time[kept]


def a_promotion(user, product, time, cutoff):
    """A product of the middle sells to fifty more users in the last days."""
    extra = np.arange(50)
    return (
        np.concatenate([user, 20_000 + extra]),
        np.concatenate([product, np.full(50, int(np.median(product)))]),
        np.concatenate([time, cutoff - 1 - extra * 3600]),
    )


def dates(user, product, time, cutoff):
    return user, product, time // DAY * DAY


def recorded_for_longer(user, product, time, cutoff):
    """The same trade had been recorded for half as long again: users of before, who never came back."""
    older = time < cutoff - 40 * DAY
    return (
        np.concatenate([user[older] + 30_000, user]),
        np.concatenate([product[older], product]),
        np.concatenate([time[older] - 40 * DAY, time]),
    )


def rank_correlation(one, other):
    ranks = [np.argsort(np.argsort(values, axis=1), axis=1).astype(float) for values in (one, other)]
    ranks = [values - values.mean(axis=1, keepdims=True) for values in ranks]
    return (ranks[0] * ranks[1]).sum(1) / np.sqrt((ranks[0] ** 2).sum(1) * (ranks[1] ** 2).sum(1))


@pytest.mark.parametrize("shift", [twice_the_volume, a_week_missing, a_promotion, dates, recorded_for_longer])
def test_the_order_hardly_changes(shop, fitted, shift):
    model, users, cutoff, before = fitted
    after = scores_by_product(model, as_of(shift(*shop, cutoff), cutoff, users))
    assert rank_correlation(before, after).mean() > 0.9
    heads = [np.argsort(-values, axis=1)[:, :10] for values in (before, after)]
    shared = np.mean([len(set(a) & set(b)) for a, b in zip(*map(np.ndarray.tolist, heads), strict=True)])
    assert shared > 7


def test_another_shop_is_another_order(shop, fitted):
    """The counter-check: with the products dealt out anew the lists have little in common."""
    model, users, cutoff, before = fitted
    user, product, time = shop
    other = np.random.default_rng(1).permutation(NUM_PRODUCTS)[product]
    after = scores_by_product(model, as_of((user, other, time), cutoff, users))
    assert rank_correlation(before, after).mean() < 0.3
