"""Slices of users and of what they turned to."""

import numpy as np
import pyarrow as pa
import pytest

from components.evaluation.baselines.base import EvaluationSet
from components.evaluation.beyond_accuracy import ProductFacts
from components.evaluation.events import Past
from components.evaluation.lists import CodeLists
from components.recommender_evaluator.slices import make_slices
from schema.features import FeatureColumn, FeatureSet, Kind

FEATURES = FeatureSet(
    users=(FeatureColumn(name="age", kind=Kind.CATEGORY), FeatureColumn(name="income", kind=Kind.NUMBER))
)
NUM_USERS = 40


@pytest.fixture
def slices():
    """User 0 is new, user 1 bought products 0 and 1, all others product 0."""
    users = np.array([1, *range(1, NUM_USERS)])
    products = np.array([1, *[0] * (NUM_USERS - 1)])
    recommendable = np.ones(4, np.bool_)
    past = Past(100, users, products, np.full(len(users), 50), NUM_USERS, recommendable)
    targets = CodeLists.from_pairs([0, 1, 1, 2, 3], [0, 0, 1, 1, 2], NUM_USERS)
    eval_set = EvaluationSet(
        past, np.array([-1, *range(1, NUM_USERS)]), targets, CodeLists.from_pairs([], [], 40)
    )
    facts = ProductFacts(recommendable, np.array([39, 1, 0, 0]), 39, np.array([0, 1, 1, -1]), "department")
    ages = [[b"30-40"]] * 32 + [[b"50-60"]] * 7 + [[]]
    table = pa.table({"user__age": pa.array(ages, pa.large_list(pa.large_binary()))})
    return make_slices(eval_set, table, facts, pa.array(["food", "tools"]), FEATURES)


def marked(part):
    return np.flatnonzero(part.queries).tolist()


def targets_of(part):
    return sorted(zip(part.targets.rows.tolist(), part.targets.codes.tolist(), strict=True))


def test_users_by_what_they_bought_before(slices):
    assert marked(slices["new_users"]) == [0]
    assert marked(slices["heavy_users"]) == [1]  # two products; the median is one
    assert marked(slices["light_users"]) == list(range(2, 40))


def test_users_by_attributes_that_enough_of_them_have(slices):
    assert marked(slices["user age=30-40"]) == list(range(32))
    assert not any("50-60" in name or "income" in name for name in slices)


def test_targets_by_the_users_own_past(slices):
    assert targets_of(slices["bought_before"]) == [(1, 0), (1, 1)]
    assert targets_of(slices["never_bought"]) == [(0, 0), (2, 1), (3, 2)]
    assert slices["never_bought"].queries.all()


def test_targets_by_popularity(slices):
    assert targets_of(slices["cold_products"]) == [(3, 2)]
    # Product 0 alone has 39 of 40 pairs: it is the head.
    assert targets_of(slices["tail_products"]) == [(1, 1), (2, 1)]


def test_targets_by_category(slices):
    assert targets_of(slices["product department=food"]) == [(0, 0), (1, 0)]
    assert targets_of(slices["product department=tools"]) == [(1, 1), (2, 1), (3, 2)]
