"""The union of the sources: distinct, in order, complete, and without what is hidden."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import sparse

from components.recommender.candidates import sources as module
from components.recommender.candidates.preranker import PrerankerWeights
from components.recommender.candidates.similar_users import SimilarUserTables
from components.recommender.candidates.sources import SOURCE_NAMES, CandidateSources
from components.recommender.candidates.tables import CandidateTables, Snapshot
from schema.served.candidate_features import CANDIDATE_FEATURES, SOURCE_FEATURES, STATISTICS

import tensorflow as tf  # isort: skip  (after the package that chooses the Keras version)

NUM_PRODUCTS = 40
HIDDEN = (5, 17)


WINDOW_DAYS = 10.0
HALF_LIVES = (5.0, 30.0)  # recent and lasting taste: half the window and three times as long


def similar_users(num_products):
    """User 70 has 3 and 12 and buys 14; user 71 has 3 and buys 14 and 15; user 72 has 30 and buys 15."""
    has = sparse.lil_matrix((3, num_products))
    for row, product, weight in ((0, 3, 0.6), (0, 12, 0.8), (1, 3, 0.5), (2, 30, 1.0)):
        if product < num_products:
            has[row, product] = weight
    by_product = has.tocsc()
    bought = np.array([[14, -1], [14, 15], [15, -1]])
    return SimilarUserTables(
        user=np.array([70, 71, 72]),
        holder_start=by_product.indptr.astype(np.int32),
        holder=by_product.indices.astype(np.int32),
        holder_weight=by_product.data.astype(np.float32),
        bought_index=np.where(bought < num_products, bought, -1).astype(np.int32),
        bought_weight=np.array([[1.0, 0.0], [0.8, 0.6], [1.0, 0.0]], np.float32),
    )


def similar_user_scores(users=(-1, -1, -1)):
    """Of the default histories, by hand: the first has 3 today and forty days ago, 12 twenty days ago."""
    totals = np.zeros((3, NUM_PRODUCTS))
    three = 1 + 0.5 ** (40 / 30.0)
    first = 0.6 * three + 0.8 * 0.5 ** (20 / 30.0) if users[0] != 70 else 0.0
    second = 0.5 * three
    totals[0, 14] = (first * 1.0 + second * 0.8) / (first + second)
    totals[0, 15] = second * 0.6 / (first + second)
    totals[1, 15] = 1.0
    return totals


def make(
    num_candidates=20,
    num_products=NUM_PRODUCTS,
    hidden=HIDDEN,
    seed=0,
    new=(),
    rates=(),
    best_sellers=(),
    **options,
):
    """Neighbours of p: p+1 (.8), p+2 (.4); EASE: p+3 (.5), p+4 (-.2); p+6 follows p (.3).

    High indices trend, low ones are popular.
    """
    rng = np.random.default_rng(seed)
    embeddings = rng.normal(size=(num_products, 4))
    embeddings /= np.linalg.norm(embeddings, axis=1, keepdims=True)
    product = np.arange(num_products)
    neighbours = np.stack([product + 1, product + 2, np.full(num_products, -1)], axis=1)
    neighbours[neighbours >= num_products] = -1
    ease = np.stack([product + 3, product + 4], axis=1)
    ease[ease >= num_products] = -1
    following = product[:, np.newaxis] + 6
    following[following >= num_products] = -1
    available = ~np.isin(product, hidden)
    order = np.concatenate([product[available], product[~available]])
    snapshot = Snapshot(
        neighbour_index=neighbours.astype(np.int32),
        neighbour_score=np.where(neighbours >= 0, [0.8, 0.4, 0.0], 0.0).astype(np.float32),
        ease_index=ease.astype(np.int32),
        ease_score=np.where(ease >= 0, [0.5, -0.2], 0.0).astype(np.float32),
        next_index=following.astype(np.int32),
        next_score=np.where(following >= 0, 0.3, 0.0).astype(np.float32),
        statistics=rng.normal(size=(num_products, len(STATISTICS))).astype(np.float32),
        trending=np.concatenate([product[available][::-1], product[~available]])[:10],
        first_sale_days=np.zeros(num_products, np.float32),
        popular=order,
        best_sellers=np.array(best_sellers, np.int64),
        new_products=np.array(new, np.int64),
        new_rates=np.array(rates, np.float32),
        new_grouping=np.array(0),
        similar_users=similar_users(num_products),
    )
    groups = np.stack([product % 4, product % 2], axis=1)
    tables = CandidateTables(embeddings.astype(np.float32), available, groups, snapshot)
    return CandidateSources(tables, num_candidates, WINDOW_DAYS, **options), tables


HISTORY = [[3, -1, 12, 5, 3], [30, 31, -1, -1, -1], [-1, -1, -1, -1, -1]]
AGES = [[40.0, 30.0, 20.0, 10.0, 0.0], [20.0, 10.0, 0.0, 0.0, 0.0], [0.0] * 5]


def find(sources, tables, history=HISTORY, ages=AGES):
    query = tables.embeddings[np.arange(len(history)) % tables.num_products]
    found = sources(
        tf.constant(query),
        tf.constant(history, tf.int64),
        tf.constant(ages, tf.float32),
        tf.fill([len(history)], tf.constant(-1, tf.int64)),
    )
    return {name: value.numpy() for name, value in found.items()}


def item_to_item(index, score, history, ages):
    """By brute force: each product of the history speaks once, by its newest event `[2, batch, products]`."""
    totals = np.zeros((2, len(history), NUM_PRODUCTS))
    for row, (products, days) in enumerate(zip(history, ages, strict=True)):
        newest = {product: age for product, age in zip(products, days, strict=True) if product >= 0}
        for product, age in newest.items():
            for other, weight in zip(index[product], score[product], strict=True):
                if other >= 0:
                    totals[:, row, other] += [weight * 0.5 ** (age / half_life) for half_life in HALF_LIVES]
    return totals


def neighbour_scores(tables, history=HISTORY, ages=AGES):
    return item_to_item(tables.snapshot.neighbour_index, tables.snapshot.neighbour_score, history, ages)


def ease_scores(tables, history=HISTORY, ages=AGES):
    return item_to_item(tables.snapshot.ease_index, tables.snapshot.ease_score, history, ages)


def transition_scores(tables, history=HISTORY, ages=AGES):
    """Each product of the history speaks once, by how many events of the row came after its newest."""
    totals = np.zeros((2, len(history), NUM_PRODUCTS))
    for row, products in enumerate(history):
        known = [product for product in products if product >= 0]
        later = {product: len(known) - 1 - index for index, product in enumerate(known)}
        for product, count in later.items():
            for other, weight in zip(
                tables.snapshot.next_index[product], tables.snapshot.next_score[product], strict=True
            ):
                if other >= 0:
                    totals[:, row, other] += [weight * 0.5 ** (count / half_life) for half_life in (1.5, 10)]
    return totals


def share(scores):
    """Mean over both half-lives of the scores relative to the best."""
    best = scores.max(axis=2, keepdims=True)
    return np.divide(scores, best, out=np.zeros_like(scores), where=best > 0).mean(axis=0)


def test_candidates_are_distinct():
    for num_candidates in (1, 7, 20, 38):
        index = find(*make(num_candidates))["candidate_index"]
        assert index.shape == (3, num_candidates)
        assert all(len(set(row)) == num_candidates for row in index.tolist())


def test_candidates_are_products():
    index = find(*make())["candidate_index"]
    assert index.min() >= 0
    assert index.max() < NUM_PRODUCTS


def test_own_history_is_always_among_them():
    index = find(*make())["candidate_index"]
    assert {3, 12} <= set(index[0].tolist())
    assert {30, 31} <= set(index[1].tolist())


def test_the_newest_of_the_own_history_is_first_of_its_source():
    found = find(*make())
    own = found["candidate_index"][1][found["candidate_source"][1] == SOURCE_NAMES.index("own_history")]
    assert own.tolist() == [31, 30]


def test_a_product_of_the_history_is_of_the_source_own_history():
    found = find(*make())
    for row, products in ((0, (3, 12)), (1, (30, 31))):
        place = np.isin(found["candidate_index"][row], products)
        assert (found["candidate_source"][row][place] == SOURCE_NAMES.index("own_history")).all()


def test_the_best_of_every_source_is_among_the_first():
    sources, tables = make(num_candidates=12)
    index = find(sources, tables)["candidate_index"]
    tower = np.where(tables.available, tables.embeddings[:3] @ tables.embeddings.T, -np.inf).argmax(axis=1)
    both = [np.where(tables.available, share(f(tables)), 0) for f in (neighbour_scores, ease_scores)]
    for row in range(3):
        assert tower[row] in index[row]
        assert tables.snapshot.trending[0] in index[row]
        for scores in both:
            assert scores[row].max() == 0 or scores[row].argmax() in index[row]


def test_hidden_products_are_no_candidates_while_there_are_others():
    index = find(*make(num_candidates=NUM_PRODUCTS - len(HIDDEN)))["candidate_index"]
    assert not np.isin(index, HIDDEN).any()


def test_hidden_products_of_the_own_history_are_no_candidates():
    # Product 5 is hidden and was bought.
    assert 5 not in find(*make())["candidate_index"][0]


def test_a_hidden_product_still_vouches_for_its_neighbours():
    sources, tables = make()
    found = find(sources, tables, [[5]], [[0.0]])
    assert {6, 7} <= set(found["candidate_index"][0].tolist())


def test_lists_are_no_longer_than_the_catalogue():
    sources, tables = make(num_candidates=500)
    found = find(sources, tables)
    assert sources.num_candidates == NUM_PRODUCTS
    assert [sorted(row) for row in found["candidate_index"].tolist()] == [list(range(NUM_PRODUCTS))] * 3


def test_a_catalogue_of_one_product():
    found = find(*make(num_candidates=10, num_products=1, hidden=()), [[0], [-1]], [[1.0], [0.0]])
    assert found["candidate_index"].tolist() == [[0], [0]]


def test_a_user_without_history_has_a_full_list():
    found = find(*make())
    assert SOURCE_NAMES.index("own_history") not in found["candidate_source"][2]
    assert SOURCE_NAMES.index("neighbours") not in found["candidate_source"][2]
    assert len(set(found["candidate_index"][2].tolist())) == 20


def test_popular_products_fill_what_the_sources_leave(monkeypatch):
    monkeypatch.setattr(module, "_QUOTAS", (3, 2, 2, 2, 2, 2, 2))
    found = find(*make(num_candidates=15))
    kinds = found["candidate_source"][2]
    filled = kinds == SOURCE_NAMES.index("popular")
    assert filled.sum() == 15 - 4  # two of the tower and two trending
    assert (np.diff(filled.astype(int)) >= 0).all()  # the fill is last
    taken = set(found["candidate_index"][2][~filled].tolist())
    expected = [p for p in range(NUM_PRODUCTS) if p not in HIDDEN and p not in taken][:11]
    assert found["candidate_index"][2][filled].tolist() == expected


def test_shorter_lists_are_the_heads_of_longer_ones():
    short, long = (find(*make(num_candidates=count))["candidate_index"] for count in (6, 30))
    np.testing.assert_array_equal(short, long[:, :6])


def score(sources, tables, history=HISTORY, ages=AGES):
    query = tf.constant(tables.embeddings[: len(history)])
    return sources.score_sources(
        query,
        tf.constant(history, tf.int64),
        tf.constant(ages, tf.float32),
        tf.fill([len(history)], tf.constant(-1, tf.int64)),
    )


def test_scores_of_the_whole_catalogue_agree_with_brute_force():
    sources, tables = make()
    expected = {
        "two_tower": tables.embeddings[:3] @ tables.embeddings.T,
        "neighbours": share(neighbour_scores(tables)),
        "ease": share(ease_scores(tables)),
        "transitions": share(transition_scores(tables)),
        "similar_users": similar_user_scores(),
    }
    scores = score(sources, tables)
    assert scores.keys() == expected.keys()
    for name, values in expected.items():
        np.testing.assert_allclose(scores[name], values, rtol=1e-4, atol=1e-5, err_msg=name)


def column(found, name):
    return found["candidate_features"][..., SOURCE_FEATURES.index(name)]


def test_features_are_the_scores_of_the_sources():
    sources, tables = make()
    found = find(sources, tables)
    neighbours, ease = neighbour_scores(tables), ease_scores(tables)
    transitions = transition_scores(tables)
    columns = {
        "two_tower": tables.embeddings[:3] @ tables.embeddings.T,
        "neighbours_recent": np.log1p(neighbours[0]),
        "neighbours_lasting": np.log1p(neighbours[1]),
        "ease_recent": ease[0],
        "ease_lasting": ease[1],
        "neighbours_share": share(neighbours),
        "ease_share": share(ease),
        "transitions_last": np.sqrt(transitions[0]),
        "transitions_recent": np.sqrt(transitions[1]),
        "transitions_share": share(transitions),
        "similar_users": np.log1p(1e5 * similar_user_scores()),
    }
    for name in SOURCE_FEATURES:
        expected = np.take_along_axis(columns[name], found["candidate_index"], axis=1)
        np.testing.assert_allclose(column(found, name), expected, rtol=1e-4, atol=1e-5, err_msg=name)


def test_nobody_is_a_neighbour_of_himself():
    sources, tables = make()
    users = (70, 71, -1)
    scores = sources.score_sources(
        tf.constant(tables.embeddings[:3]),
        tf.constant(HISTORY, tf.int64),
        tf.constant(AGES, tf.float32),
        tf.constant(users, tf.int64),
    )
    np.testing.assert_allclose(scores["similar_users"], similar_user_scores(users), rtol=1e-5)


def test_statistics_of_the_product_follow_the_scores():
    sources, tables = make()
    found = find(sources, tables)
    statistics = found["candidate_features"][..., len(SOURCE_FEATURES) :]
    np.testing.assert_array_equal(statistics, tables.snapshot.statistics[found["candidate_index"]])


def test_an_event_one_half_life_older_counts_half():
    sources, tables = make()
    new, old = (find(sources, tables, [[8]], [[age]]) for age in (0.0, HALF_LIVES[0]))
    for found, expected in ((new, 0.8), (old, 0.4)):
        place = found["candidate_index"][0] == 9
        assert np.expm1(column(found, "neighbours_recent")[0][place]) == pytest.approx([expected])


def test_only_the_newest_purchase_of_a_product_speaks():
    sources, tables = make()
    once, often = (
        score(sources, tables, [[8]], [[2.0]]),
        score(sources, tables, [[8, 8, 8]], [[90.0, 50.0, 2.0]]),
    )
    for name in ("neighbours", "ease"):
        np.testing.assert_allclose(once[name], often[name], rtol=1e-5)


def test_the_number_of_features_is_what_the_schema_says():
    assert find(*make())["candidate_features"].shape[-1] == len(CANDIDATE_FEATURES)


def test_queries_do_not_depend_on_each_other():
    sources, tables = make()
    together = find(sources, tables)
    for row in range(3):
        query = tf.constant(tables.embeddings[row : row + 1])
        alone = sources(
            query,
            tf.constant(HISTORY[row : row + 1], tf.int64),
            tf.constant(AGES[row : row + 1]),
            tf.constant([-1], tf.int64),
        )
        np.testing.assert_array_equal(alone["candidate_index"][0], together["candidate_index"][row])


def test_padding_changes_nothing():
    sources, tables = make()
    wide = find(
        sources, tables, np.pad(HISTORY, [[0, 0], [0, 4]], constant_values=-1), np.pad(AGES, [[0, 0], [0, 4]])
    )
    np.testing.assert_array_equal(wide["candidate_index"], find(sources, tables)["candidate_index"])


def test_an_unknown_product_within_the_history_keeps_the_newest_first():
    found = find(*make(), [[-1, -1, 30, 31, 32]], [[5.0, 4.0, 3.0, 2.0, 1.0]])
    own = found["candidate_index"][0][found["candidate_source"][0] == SOURCE_NAMES.index("own_history")]
    assert own.tolist() == [32, 31, 30]


def reader_of(position, num_features, sign=1.0):
    """A preranker whose score grows with one feature alone: relu twice, so the feature is shifted up."""
    hidden = np.zeros((num_features, 1), np.float32)
    hidden[position] = sign
    return PrerankerWeights(
        mean=np.zeros(num_features, np.float32),
        deviation=np.full(num_features, 10.0, np.float32),
        hidden_kernel=hidden,
        hidden_bias=np.full(1, 5.0, np.float32),
        middle_kernel=np.ones((1, 1), np.float32),
        middle_bias=np.zeros(1, np.float32),
        score_kernel=np.ones((1, 1), np.float32),
    )


NUM_OWN = 5 + 2 * 3  # counts at four speeds and an age; two groups with two counts and an age
NUM_POOL_FEATURES = len(CANDIDATE_FEATURES) + NUM_OWN
TOWER = 0


def test_the_preranker_keeps_the_best_of_the_whole_pool():
    sources, tables = make(num_candidates=8, preranker=reader_of(TOWER, NUM_POOL_FEATURES))
    index = find(sources, tables, [[-1]] * 3, [[0.0]] * 3)["candidate_index"]  # nobody has a favourite
    scores = np.where(tables.available, tables.embeddings[:3] @ tables.embeddings.T, -np.inf)
    np.testing.assert_array_equal(index, np.argsort(-scores, axis=1)[:, :8])


def test_another_preranker_keeps_others():
    sources, tables = make(num_candidates=8, preranker=reader_of(TOWER, NUM_POOL_FEATURES, sign=-1.0))
    index = find(sources, tables)["candidate_index"]
    scores = np.where(tables.available, tables.embeddings[:3] @ tables.embeddings.T, np.inf)
    np.testing.assert_array_equal(index, np.argsort(scores, axis=1)[:, :8])


def test_the_preranker_reads_features_less_their_mean_over_the_pool():
    sources, tables = make(num_candidates=8, preranker=reader_of(TOWER, NUM_POOL_FEATURES))
    found = find(sources, tables)
    pool = tables.embeddings[:3] @ tables.embeddings.T
    visible = pool[:, tables.available].mean(axis=1, keepdims=True)
    expected = 5.0 + (column(found, "two_tower") - visible) / 10.0
    np.testing.assert_allclose(found["preranker_score"], expected, rtol=1e-2)


def test_best_sellers_and_favourites_stay_whatever_the_preranker_says():
    # It wants what is unlike the query; product 20 is bought often and long ago.
    sources, tables = make(
        num_candidates=12, preranker=reader_of(TOWER, NUM_POOL_FEATURES, -1.0), best_sellers=(1, 2, 5)
    )
    history, ages = [[20, 20, 20, 33, -1]], [[9.0, 8.0, 7.0, 1.0, 0.0]]
    index = find(sources, tables, history, ages)["candidate_index"][0].tolist()
    assert {1, 2, 20, 33} <= set(index)
    assert 5 not in index  # it is hidden


def test_more_best_sellers_than_half_of_the_candidates_are_not_kept():
    sources, tables = make(
        num_candidates=4, preranker=reader_of(TOWER, NUM_POOL_FEATURES), best_sellers=(1, 2, 3)
    )
    index = find(sources, tables, [[-1]], [[0.0]])["candidate_index"][0]
    scores = np.where(tables.available, tables.embeddings[0] @ tables.embeddings.T, -np.inf)
    assert index.tolist() == np.argsort(-scores)[:4].tolist()


def test_towers_that_have_seen_the_answers_are_not_read():
    sources, tables = make(reads_towers=False)
    found = find(sources, tables)
    assert SOURCE_NAMES.index("two_tower") not in found["candidate_source"]
    assert (column(found, "two_tower") == 0).all()


def test_places_are_kept_for_products_never_sold():
    # Four places in forty: products 30 to 35 were never sold, and nobody would take them by their score.
    sources, tables = make(
        num_candidates=30,
        preranker=reader_of(NUM_POOL_FEATURES - NUM_OWN, NUM_POOL_FEATURES),  # counts in the history
        new=range(30, 36),
        rates=[-1.0, -2.0, -3.0, -4.0, -5.0, -6.0],
        num_new=2,
    )
    found = find(sources, tables)
    kinds = found["candidate_source"]
    assert (kinds == SOURCE_NAMES.index("new_product")).sum(axis=1).tolist()[2] == 2
    # The user without history gets the two of the highest rate.
    chosen = found["candidate_index"][2][kinds[2] == SOURCE_NAMES.index("new_product")]
    assert sorted(chosen.tolist()) == [30, 31]


def test_new_products_of_a_group_that_the_user_buys_come_first():
    # Group of a product: its remainder by four. The user buys 33 and 37, of group 1, over and over.
    sources, tables = make(
        num_candidates=20,
        preranker=reader_of(NUM_POOL_FEATURES - NUM_OWN, NUM_POOL_FEATURES),
        new=[20, 22, 23, 29],
        rates=[-1.0, -1.0, -1.0, -2.0],
        num_new=1,
    )
    found = find(sources, tables, [[33, 37, 33, 37, 33]], [[9.0, 8.0, 7.0, 6.0, 5.0]])
    new = found["candidate_index"][0][found["candidate_source"][0] == SOURCE_NAMES.index("new_product")]
    assert new.tolist() == [29]


def test_the_pool_tells_what_the_user_has_bought_himself():
    sources, tables = make(num_candidates=40)
    query = tf.constant(tables.embeddings[:1])
    history, ages = tf.constant([[8, 8]], tf.int64), tf.constant([[10.0, 0.0]])
    pool = sources.pool(query, history, ages, tf.constant([-1], tf.int64))
    # The user has nothing to do with product 9 nor with its groups: all its counts are 0, its ages for ever.
    product, unrelated = (pool["candidate_index"][0].numpy().tolist().index(p) for p in (8, 9))
    features = pool["features"][0, :, -NUM_OWN:].numpy()
    own = features[product] - features[unrelated]
    # Two events, the older by 8, 2 and 1/3 half-lives of 1.25, 5 and 30 days; the newest is today's.
    decay = [2.0, 1 + 0.5**8, 1 + 0.5**2, 1 + 0.5 ** (1 / 3)]
    never = -np.log1p(3650.0)
    np.testing.assert_allclose(own[:5], [*np.log1p(decay), never], rtol=1e-4, atol=1e-6)
    # Both events are of its two groups too, where they count at the two slower speeds.
    np.testing.assert_allclose(own[5:], [*np.log1p(decay[2:]), never] * 2, rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(features.mean(axis=0), 0.0, atol=1e-5)


def test_new_for_you_lists_what_was_never_sold_and_is_not_hidden():
    sources, _ = make(new=[20, 21, 22, 23, 17], rates=[0.0, 0.0, 0.0, 0.0, 9.0])
    history, ages = tf.constant(HISTORY, tf.int64), tf.constant(AGES, tf.float32)
    product, score = (part.numpy() for part in sources.new_for_you(history, ages, tf.constant(10)))
    # The second user bought 30 and 31, of the groups 2 and 3; nothing is known of the third.
    assert product[1, :2].tolist() == [23, 22]  # 31 was bought later than 30
    assert product[2, :4].tolist() == [20, 21, 22, 23]
    assert np.isneginf(score[:, 4]).all() and (product[:, 4] == 17).all()  # 17 is hidden
    half_life = HALF_LIVES[1]
    assert score[1, 0] == pytest.approx(np.log1p(0.5 ** (10.0 / half_life)), rel=1e-5)


def test_a_short_list_of_new_products_begins_a_long_one():
    sources, _ = make(new=[17, 20, 21, 22, 23], rates=[9.0, 0.4, 0.3, 0.2, 0.1])
    history, ages = tf.constant(HISTORY, tf.int64), tf.constant(AGES, tf.float32)
    long, short = (sources.new_for_you(history, ages, tf.constant(size))[0].numpy() for size in (4, 1))
    np.testing.assert_array_equal(short, long[:, :1])
    assert 17 not in short


def test_where_everything_was_sold_nothing_is_new():
    sources, _ = make()
    history, ages = tf.constant(HISTORY, tf.int64), tf.constant(AGES, tf.float32)
    product, score = sources.new_for_you(history, ages, tf.constant(10))
    assert product.shape == (3, 0) and score.shape == (3, 0)
