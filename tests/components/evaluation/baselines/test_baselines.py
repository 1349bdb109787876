"""The classics: each solves the checkerboard, and is right where the answer can be worked out by hand."""

from __future__ import annotations

from typing import get_args

import numpy as np
import pyarrow as pa
import pytest

from components.evaluation.baselines.base import EvaluationSet, Popularity
from components.evaluation.baselines.counting import Trending
from components.evaluation.baselines.ease import Ease
from components.evaluation.baselines.factorization import Factorization
from components.evaluation.baselines.matrices import Matrices, decayed_counts
from components.evaluation.baselines.registry import grid, sample_queries, tune_baselines
from components.evaluation.baselines.transitions import Transitions, count_transitions
from components.evaluation.baselines.user_knn import UserKnn
from components.evaluation.events import Past
from components.evaluation.lists import CodeLists
from components.interactions.events import ShopEvents
from components.interactions.neighbours import solve_ease
from components.settings import BaselineName, BaselineSettings

DAY = 86_400
NOW = 100 * DAY
POPULARITY = Popularity(None)


def eval_set(rows, num_products, users, targets=((), ()), excluded=((), ()), num_users=None):
    """`rows`: (user, product, days before NOW)."""
    user, product, days = (np.array(column) for column in zip(*rows, strict=True))
    count = num_users or int(user.max()) + 1
    time = (NOW - days * DAY).astype(np.int64)
    ids = pa.array([f"u{number}" for number in range(count)])
    log = ShopEvents(user, product, time, num_products, np.ones(len(time), bool), np.zeros_like(user), ids)
    past = Past.before(log, NOW, np.ones(num_products, bool))
    size = len(users)
    return EvaluationSet(
        past,
        np.array(users, np.int64),
        CodeLists.from_pairs(*targets, size),
        CodeLists.from_pairs(*excluded, size),
    )


NUM_USERS, NUM_PRODUCTS = 40, 20


def checkerboard(excluded=False):
    """Users buy of one colour, everybody some of it; asked are all users, for the rest of their colour."""
    random = np.random.default_rng(3)
    rows, targets = [], []
    for user in range(NUM_USERS):
        own = random.permutation(np.arange(user % 2, NUM_PRODUCTS, 2))
        for turn, product in enumerate(own[:6]):
            rows.append((user, product, 30 - 4 * turn))
        targets += [(user, product) for product in own[6:]]
    bought = list(zip(*[(user, product) for user, product, _ in rows], strict=True))
    return eval_set(
        rows,
        NUM_PRODUCTS,
        range(NUM_USERS),
        tuple(zip(*targets, strict=True)),
        bought if excluded else ((), ()),
    )


LEARNERS = ("user_knn", "item_knn", "transitions", "ease", "als", "bpr")


@pytest.mark.parametrize("name", LEARNERS)
def test_a_learner_finds_the_rest_of_the_colour(name):
    asked = checkerboard(excluded=True)
    candidates = grid(name, 10 * DAY, Matrices(seed=1), POPULARITY, BaselineSettings())
    ranked = candidates[0].recommend(asked, 4)
    same = ranked % 2 == np.arange(NUM_USERS)[:, None] % 2
    # By chance four of fourteen that are left: .29; the colour itself gives 1.
    assert same.mean() > 0.95


@pytest.mark.parametrize("name", LEARNERS)
def test_without_structure_a_learner_finds_nothing(name):
    """The counter-check: the same events with the products dealt out at random."""
    asked = checkerboard(excluded=True)
    shuffled = np.random.default_rng(0).permutation(asked.past.products)
    past = Past(NOW, asked.past.users, shuffled, asked.past.times, NUM_USERS, asked.past.recommendable)
    mixed = EvaluationSet(past, asked.users, asked.targets, past.purchased(asked.users))
    ranked = grid(name, 10 * DAY, Matrices(seed=1), POPULARITY, BaselineSettings())[0].recommend(mixed, 4)
    same = ranked % 2 == np.arange(NUM_USERS)[:, None] % 2
    assert same.mean() < 0.75


@pytest.mark.parametrize("name", get_args(BaselineName))
def test_every_baseline_copes_with_one_user_and_one_product(name):
    tiny = eval_set([(0, 0, 3)], 1, [0, -1], ((0,), (0,)))
    for candidate in grid(name, 10 * DAY, Matrices(seed=1), POPULARITY, BaselineSettings()):
        assert candidate.recommend(tiny, 3).tolist() == [[0, -1, -1]] * 2


@pytest.mark.parametrize("name", get_args(BaselineName))
def test_strangers_get_what_is_popular(name):
    if name == "trending":
        pytest.skip("it is the same for everybody")
    rows = [(0, 2, 5), (1, 2, 5), (2, 2, 4), (0, 1, 3), (1, 1, 3), (2, 0, 9)]
    asked = eval_set(rows, 4, [-1])
    ranked = grid(name, 200 * DAY, Matrices(seed=1), POPULARITY, BaselineSettings())[-1].recommend(asked, 3)
    assert ranked.tolist() == [[2, 1, 0]]


@pytest.mark.parametrize("name", get_args(BaselineName))
def test_what_is_excluded_is_never_recommended(name):
    asked = checkerboard(excluded=True)
    ranked = grid(name, 10 * DAY, Matrices(seed=1), POPULARITY, BaselineSettings())[0].recommend(asked, 20)
    assert not asked.excluded.contains(np.arange(NUM_USERS)[:, None] * np.ones((1, 20), int), ranked).any()
    assert (np.sort(ranked[:, :14], axis=1) >= 0).all()
    assert (ranked[:, 14:] == -1).all()


def test_counts_halve_with_the_half_life():
    asked = eval_set([(0, 1, 10), (0, 1, 20), (0, 2, 30)], 3, [0])
    assert decayed_counts(asked.past, 10.0 * DAY).toarray().tolist() == [[0.0, 0.75, 0.125]]


def test_transitions_by_hand():
    # One user: 0, 1, 2 in order. From 0 to 1 and 1 to 2 at distance one, from 0 to 2 at distance two.
    asked = eval_set([(0, 0, 3), (0, 1, 2), (0, 2, 1), (1, 2, 9)], 3, [1])
    expected = [[0.0, 1.0, 0.5], [0.0, 0.0, 1.0], [0.0, 0.0, 0.0]]
    assert count_transitions(asked.past).toarray().tolist() == expected


def test_transitions_go_one_way_and_from_the_last_events():
    rows = [(0, 0, 9), (0, 1, 8), (2, 0, 9), (2, 1, 8), (1, 0, 2), (3, 1, 2)]
    asked = eval_set(rows, 4, [1, 3])
    ranked = Transitions(Matrices(1), 1.0, 1.0, Popularity(None)).recommend(asked, 1)
    assert ranked[0].tolist() == [1]
    # Nothing follows 1: what is popular comes, 0 before 1 by its code.
    assert ranked[1].tolist() == [0]


def test_events_with_equal_stamps_keep_their_order():
    asked = eval_set([(0, 5, 3), (0, 1, 3), (0, 3, 3)], 6, [0])
    follows = count_transitions(asked.past).toarray()
    assert (follows[5, 1], follows[1, 3], follows[1, 5]) == (1.0, 1.0, 0.0)


def test_ease_solves_its_least_squares_problem():
    """Column j minimises |x_j - X b|^2 + lambda |b|^2 under b_j = 0: solved without column j, directly."""
    random = np.random.default_rng(2)
    matrix = (random.random((30, 6)) < 0.4).astype(float)
    weights = solve_ease(matrix.T @ matrix, 3.0)
    for column in range(6):
        others = np.delete(np.arange(6), column)
        left = matrix[:, others]
        solved = np.linalg.solve(left.T @ left + 3.0 * np.eye(5), left.T @ matrix[:, column])
        np.testing.assert_allclose(weights[others, column], solved, rtol=1e-8)
        assert weights[column, column] == 0.0


def test_ease_leaves_out_what_few_have_bought():
    rows = [(user, product, 5) for user in range(5) for product in (0, 1)] + [(0, 2, 5), (1, 3, 5)]
    asked = eval_set(rows, 4, [0], excluded=((0, 0), (0, 1)))
    baseline = Ease(Matrices(1), None, 1.0, 2, POPULARITY)
    head, weights = baseline._solve(asked.past)
    assert head.tolist() == [0, 1]
    # Gram matrix of fives with one on the diagonal: P = inverse of [[6, 5], [5, 6]]; -P01 / P11 = 5 / 6.
    np.testing.assert_allclose(weights, [[0.0, 5 / 6], [5 / 6, 0.0]], rtol=1e-5)


def test_neighbours_recommend_what_they_bought():
    # User 0 shares product 0 with user 1, who also has 1; user 2 has 2 and 3 and shares nothing.
    rows = [(0, 0, 2), (1, 0, 2), (1, 1, 2), (2, 2, 2), (2, 3, 2), (3, 3, 1)]
    asked = eval_set(rows, 5, [0], excluded=((0,), (0,)))
    ranked = UserKnn(Matrices(1), 100.0 * DAY, 2, 0.0, 10, POPULARITY).recommend(asked, 1)
    assert ranked.tolist() == [[1]]


def test_own_purchases_lead_when_they_weigh():
    rows = [(0, 0, 2), (0, 4, 2), (0, 4, 3), (1, 0, 2), (1, 1, 2), (1, 1, 3), (1, 1, 4)]
    asked = eval_set(rows, 5, [0])

    def first(own):
        return UserKnn(Matrices(1), 1000.0 * DAY, 1, own, 10, POPULARITY).recommend(asked, 1)[0, 0]

    assert first(0.0) == 1
    assert first(1.0) == 4


def test_trends_are_growth_and_not_volume():
    # Product 0: eight in the last ten days, 64 in the forty before (16 expected). Product 1: four and none.
    rows = [(0, 0, 5)] * 8 + [(0, 0, 30)] * 64 + [(0, 1, 5)] * 4
    asked = eval_set(rows, 2, [-1])
    assert Trending(10 * DAY, 1.0, POPULARITY).recommend(asked, 2).tolist() == [[1, 0]]
    assert Trending(10 * DAY, 0.0, POPULARITY).recommend(asked, 2).tolist() == [[0, 1]]


@pytest.mark.parametrize("method", ["als", "bpr"])
def test_factorisations_repeat_themselves(method):
    asked = checkerboard()
    first, second = (
        Factorization(Matrices(5), method, 0.1, 1.0, 10, POPULARITY).recommend(asked, 10) for _ in range(2)
    )
    np.testing.assert_array_equal(first, second)


def test_tuning_takes_what_the_eval_window_likes_and_looks_at_nothing_else():
    """In the eval window everybody comes back to his old product; the test eval_set has no targets at all."""
    rows = [(user, 10 + user % 3, 80) for user in range(12)] + [(user, user % 5, 2) for user in range(12)]
    evaluation = eval_set(rows, 15, range(12), (range(12), [10 + user % 3 for user in range(12)]))
    asked = eval_set(rows, 15, range(12))
    settings = BaselineSettings(systems=("own_frequency",))
    (tuned,) = tune_baselines({"all": evaluation}, {"all": asked}, 10 * DAY, settings, 2, seed=1)
    assert tuned.settings["half_life_days"] is None
    assert [row["settings"]["half_life_days"] for row in tuned.tuning][:2] == [2.5, 5.0]
    assert max(row["ndcg@10"] for row in tuned.tuning) == tuned.tuning[-1]["ndcg@10"]
    assert tuned.ranked.shape == (12, 2)


def test_the_sample_of_queries_has_targets():
    asked = checkerboard()
    sample = sample_queries(asked, 7, seed=1)
    assert len(sample.users) == 7
    assert (sample.targets.lengths > 0).all()
    full = {int(user): set(asked.targets.codes[asked.targets.rows == user]) for user in sample.users}
    for row, user in enumerate(sample.users):
        assert set(sample.targets.codes[sample.targets.rows == row]) == full[int(user)]
