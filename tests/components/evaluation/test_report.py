"""Tables of several systems."""

import numpy as np
import pytest

from components.evaluation.beyond_accuracy import ProductFacts
from components.evaluation.lists import CodeLists
from components.evaluation.report import Slice, full_report, mean_table, slice_report

LISTS = {
    "towerline": np.array([[0, 1], [2, 3], [4, 5]]),
    "popularity": np.array([[9, 0], [9, 0], [9, 0]]),
}
TARGETS = CodeLists.from_pairs([0, 1], [0, 9], 3)  # the third query has none
PURCHASED = CodeLists.from_pairs([0, 2], [9, 9], 3)  # the second has no history
FACTS = ProductFacts(np.ones(10, np.bool_), np.array([2, *[1] * 8, 4]), 4, np.full(10, -1))


def test_full_report():
    report = full_report(LISTS, TARGETS, PURCHASED, FACTS, seed=1)
    assert report["num_queries"] == 2
    ours, popular = report["systems"]["towerline"], report["systems"]["popularity"]
    assert ours["ndcg@10"]["mean"] == 0.5
    # Popularity finds product 0 at rank 2 (0.63093) and product 9 at rank 1.
    assert popular["ndcg@10"]["mean"] == pytest.approx((0.63093 + 1) / 2, abs=1e-5)
    assert ours["coverage@10"] == {"mean": 0.4}
    assert popular["coverage@10"] == {"mean": 0.2}
    # Products 9 and 0 were bought by 4 and 2 of 4 users: 0 and 1 bit, in every list.
    assert popular["novelty@10"] == {"mean": 0.5, "low": 0.5, "high": 0.5}
    # Counts 0 (eight times), 2, 2: ((17 - 10) * 2 + 9 * 2) / (10 * 4), with 2 i - n - 1 = 7 and 9.
    assert popular["gini@10"]["mean"] == pytest.approx((7 * 2 + 9 * 2) / 40)
    # Only the first query has a history, of popularity 4; its list has 3 on average.
    assert popular["popularity_lift@10"]["mean"] == pytest.approx(3 / 4 - 1)
    difference = report["differences"]["popularity"]["ndcg@10"]
    assert difference["mean"] == pytest.approx(0.5 - 0.815465, abs=1e-5)
    assert difference["low"] <= difference["mean"] <= difference["high"]
    assert set(report["differences"]) == {"popularity"}


def test_a_report_of_no_queries_is_empty():
    nothing = CodeLists.from_pairs([], [], 3)
    report = full_report(LISTS, nothing, PURCHASED, FACTS, seed=1)
    assert report == {"num_queries": 0, "systems": {}, "differences": {}}


def test_undefined_values_are_not_among_a_mean():
    scores = {"towerline": {"some": np.array([1.0, np.nan, 3.0]), "none": np.full(3, np.nan)}}
    table = mean_table(scores, np.ones(3, np.bool_), seed=1)
    assert table["towerline"].keys() == {"some"}
    assert table["towerline"]["some"]["mean"] == 2.0


def test_slices_leave_out_queries_without_targets():
    narrow = CodeLists.from_pairs([1], [9], 3)
    slices = {
        "first": Slice(np.array([True, False, True]), TARGETS),
        "last": Slice(np.array([False, False, True]), TARGETS),
        "of product 9": Slice(np.ones(3, np.bool_), narrow),
    }
    report = slice_report(LISTS, slices, seed=1)
    assert report["first"]["num_queries"] == 1
    assert report["first"]["systems"]["towerline"]["recall@10"]["mean"] == 1.0
    # The user wants product 0: popularity has it at rank 2.
    assert report["first"]["differences"]["popularity"]["ndcg@10"]["mean"] == pytest.approx(0.36907, abs=1e-5)
    assert report["last"] == {"num_queries": 0, "systems": {}, "differences": {}}
    assert report["of product 9"]["num_queries"] == 1
    assert report["of product 9"]["systems"]["popularity"]["ndcg@10"]["mean"] == 1.0
