"""Tables of several systems."""

import numpy as np
import pytest

from components.evaluation.lists import CodeLists
from components.evaluation.report import full_report, slice_report

LISTS = {
    "towerline": np.array([[0, 1], [2, 3], [4, 5]]),
    "popularity": np.array([[9, 0], [9, 0], [9, 0]]),
}
TARGETS = CodeLists.from_pairs([0, 1], [0, 9], 3)  # the third query has none


def test_full_report():
    report = full_report(LISTS, TARGETS, num_products=10, seed=1)
    assert report["num_queries"] == 2
    ours, popular = report["systems"]["towerline"], report["systems"]["popularity"]
    assert ours["ndcg@10"]["mean"] == 0.5
    # Popularity finds product 0 at rank 2 (0.63093) and product 9 at rank 1.
    assert popular["ndcg@10"]["mean"] == pytest.approx((0.63093 + 1) / 2, abs=1e-5)
    assert ours["coverage@10"] == {"mean": 0.4}
    assert popular["coverage@10"] == {"mean": 0.2}
    difference = report["differences"]["popularity"]["ndcg@10"]
    assert difference["mean"] == pytest.approx(0.5 - 0.815465, abs=1e-5)
    assert difference["low"] <= difference["mean"] <= difference["high"]
    assert set(report["differences"]) == {"popularity"}


def test_slices_leave_out_queries_without_targets():
    slices = {"first": np.array([True, False, True]), "last": np.array([False, False, True])}
    report = slice_report(LISTS, TARGETS, slices, seed=1)
    assert report["first"]["num_queries"] == 1
    assert report["first"]["systems"]["towerline"]["recall@10"]["mean"] == 1.0
    assert report["last"] == {"num_queries": 0, "systems": {}}
