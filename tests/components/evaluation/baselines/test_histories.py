"""Baselines that read whole histories: what was seen last, baskets, views; and other libraries' answers."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from scipy import sparse

from components.evaluation.baselines.base import EvaluationSet, OwnFrequency, Popularity
from components.evaluation.baselines.counting import LastSeen
from components.evaluation.baselines.ease import Ease
from components.evaluation.baselines.item_knn import ItemKnn
from components.evaluation.baselines.matrices import Matrices, decayed_counts
from components.evaluation.baselines.registry import grid, popularity_grid
from components.evaluation.baselines.tifu_knn import TifuKnn, basket_frequencies
from components.evaluation.baselines.user_knn import UserKnn
from components.evaluation.events import Past
from components.evaluation.lists import CodeLists
from components.interactions.events import ShopEvents
from components.settings import BaselineSettings

DAY = 86_400
NOW = 100 * DAY
POPULARITY = Popularity(None)


def eval_set(bought, users, seen=(), num_products=6):
    """`bought` and `seen`: (user, product, days before NOW)."""

    def columns(rows):
        return (np.array([row[part] for row in rows], np.int64) for part in range(3))

    user, product, days = columns([*bought, *seen])
    is_target = np.arange(len(user)) < len(bought)
    count = 1 + max(row[0] for row in (*bought, *seen))
    ids = pa.array([f"u{number}" for number in range(count)])
    time = NOW - days * DAY
    log = ShopEvents(user, product, time, num_products, is_target, np.zeros_like(user), ids)
    past = Past.before(log, NOW, np.ones(num_products, bool))
    nothing = CodeLists.from_pairs([], [], len(users))
    return EvaluationSet(past, np.array(users, np.int64), nothing, nothing)


def test_what_was_seen_last_comes_first_whatever_it_was():
    asked = eval_set([(0, 1, 9), (0, 2, 3), (1, 5, 1)], [0, 1, -1], seen=[(0, 1, 1), (0, 3, 5)])
    ranked = LastSeen(Matrices(1), POPULARITY).recommend(asked, 4)
    # User 0 saw 1 yesterday, bought 2 three days ago, saw 3 five days ago; then by what was bought: 5.
    assert ranked.tolist() == [[1, 2, 3, 5], [5, 1, 2, 0], [1, 2, 5, 0]]


def test_other_events_count_as_much_as_is_said():
    asked = eval_set([(0, 1, 10)], [0], seen=[(0, 1, 10), (0, 2, 20)])
    found = decayed_counts(asked.past, 10.0 * DAY, 0.1).toarray()[0]
    np.testing.assert_allclose(found, [0, 0.5 + 0.05, 0.025, 0, 0, 0], rtol=1e-6)
    assert decayed_counts(asked.past, None).toarray()[0].tolist() == [0, 1, 0, 0, 0, 0]


def test_views_are_tried_as_history_where_there_are_any():
    for name in ("user_knn", "item_knn", "ease"):
        plain = grid(name, 10 * DAY, Matrices(1), POPULARITY, BaselineSettings())
        tried = grid(name, 10 * DAY, Matrices(1), POPULARITY, BaselineSettings(), has_others=True)
        assert {candidate.settings["other"] for candidate in plain} == {0.0}
        assert 1.0 in {candidate.settings["other"] for candidate in tried} and len(tried) > len(plain)


def test_views_find_what_purchases_alone_do_not():
    # Users 0 to 3 saw 1 and 2 together; the asking user saw 1, and nobody bought anything but 5.
    seen = [(user, product, 5) for user in range(4) for product in (1, 2)] + [(4, 1, 2)]
    asked = eval_set([(user, 5, 5) for user in range(5, 9)], [4], seen=seen)
    blind = ItemKnn(Matrices(1), 50.0 * DAY, 50.0 * DAY, False, POPULARITY)
    seeing = ItemKnn(Matrices(1), 50.0 * DAY, 50.0 * DAY, False, POPULARITY, 1.0)
    assert blind.recommend(asked, 1).tolist() == [[5]]
    assert seeing.recommend(asked, 1)[0, 0] == 2
    neighbours = UserKnn(Matrices(1), 50.0 * DAY, 4, 0.0, 10, POPULARITY, 1.0).recommend(asked, 3)
    assert 2 in neighbours[0]
    ease = Ease(Matrices(1), None, 0.1, 6, POPULARITY, 1.0).recommend(asked, 1)
    assert ease.tolist() == [[2]]


def test_a_product_may_be_its_own_neighbour():
    # Twice bought 0; 1 is bought beside 0 by others. Without itself, 0 scores by 1 alone.
    rows = [(0, 0, 5), (0, 0, 3), (1, 0, 5), (1, 1, 5), (2, 0, 5), (2, 1, 5)]
    asked = eval_set(rows, [0])
    ranked = {
        itself: ItemKnn(Matrices(1), 50.0 * DAY, 50.0 * DAY, itself, POPULARITY).recommend(asked, 1)[0, 0]
        for itself in (False, True)
    }
    assert ranked == {False: 1, True: 0}


def test_popularity_is_tuned_over_whole_days():
    assert [baseline.window for baseline in popularity_grid(9 * DAY)] == [
        *(days * DAY for days in (1, 2, 4, 9, 18, 36)),
        None,
    ]


def test_item_knn_agrees_with_the_library_implicit():
    from implicit.nearest_neighbours import CosineRecommender

    random = np.random.default_rng(0)
    rows = [(user, int(product), 1) for user in range(30) for product in random.permutation(12)[:4]]
    asked = eval_set(rows, list(range(30)), num_products=12)
    ours = ItemKnn(Matrices(1), 1e9 * DAY, 1e9 * DAY, True, POPULARITY).recommend(asked, 3)
    matrix = sparse.csr_matrix(
        (np.full(len(rows), np.log1p(4.0)), tuple(zip(*[row[:2] for row in rows], strict=True))), (30, 12)
    )
    model = CosineRecommender(K=12)
    model.fit(matrix, show_progress=False)
    binary = (matrix > 0).astype(float)
    scores = (binary @ model.similarity).toarray()
    best = np.sort(scores, axis=1)[:, ::-1][:, :3]
    np.testing.assert_allclose(np.take_along_axis(scores, ours, axis=1), best, rtol=1e-5)


def test_baskets_of_a_user_by_hand():
    # User 0 has nine baskets: the newest seven make the newest group, the oldest two the older one.
    rows = [(0, 1, day) for day in range(1, 10)] + [(0, 2, 1), (0, 2, 1), (0, 3, 9)]
    found = basket_frequencies(eval_set(rows, [0]).past, 0.5).toarray()[0]
    newest = sum(0.9**step for step in range(7)) / 7
    older = 0.5 * (1 + 0.9) / 2
    assert found[1] == pytest.approx((newest + older) / 2)
    assert found[2] == pytest.approx(1 / 7 / 2)  # once in the newest basket, however often in it
    assert found[3] == pytest.approx(0.5 * 0.9 / 2 / 2)


def test_tifu_knn_blends_own_and_near_baskets():
    # Users 0 and 1 are alike, and 1 has bought 4 as well; user 2 is another.
    rows = [(0, 1, 3), (0, 2, 3), (1, 1, 3), (1, 2, 3), (1, 4, 3), (2, 5, 3)]
    asked = eval_set(rows, [0, -1])

    def first_new(own):
        ranked = TifuKnn(Matrices(1), 0.7, 1, own, 10, POPULARITY).recommend(asked, 3)
        return ranked.tolist()

    assert set(first_new(0.9)[0][:2]) == {1, 2} and first_new(0.9)[0][2] == 4
    assert set(first_new(0.0)[0]) == {1, 2, 4}
    assert first_new(0.9)[1] == [1, 2, 4]  # without baskets there is nobody near: what is popular


def test_own_frequency_agrees_with_a_plain_count():
    random = np.random.default_rng(1)
    rows = [
        (user, int(random.integers(6)), int(random.integers(1, 90))) for user in range(5) for _ in range(20)
    ]
    asked = eval_set(rows, list(range(5)))
    ranked = OwnFrequency(None, POPULARITY).recommend(asked, 1)[:, 0]
    for user in range(5):
        counts = np.bincount([product for owner, product, _ in rows if owner == user], minlength=6)
        assert counts[ranked[user]] == counts.max()
