"""Rows of embedding tables follow their values from one vocabulary to another."""

from types import SimpleNamespace

import numpy as np
import pytest

from schema import names
from schema.features import FeatureColumn, Kind
from trainer.shared.tables import TableRows, Vocabularies, rows_of_column


def vocabularies(before, now):
    def graph(values):
        return SimpleNamespace(vocabulary_by_name=lambda name: [v.encode() for v in values[name]])

    return Vocabularies(graph({"v": before}), graph({"v": now}))


def column(*values):
    return np.array(values, np.float32)[:, np.newaxis]


@pytest.mark.parametrize(("unseen", "of_new"), [("initial", -3.0), ("zero", 0.0), ("unknown", 10.0)])
def test_rows_go_by_their_value_and_new_ones_as_it_is_said(unseen, of_new):
    # Rows: one of the head, then a, b, c; now c, new, a.
    found = vocabularies(["a", "b", "c"], ["c", "new", "a"]).carry(
        TableRows("v", head=1, unseen=unseen), column(10, 1, 2, 3), column(-1, -2, -3, -4)
    )
    assert found[:, 0].tolist() == [10, 3, of_new, 1]


def test_hashed_rows_stay_behind_a_vocabulary_that_has_grown():
    found = vocabularies(["a"], ["a", "b"]).carry(
        TableRows("v", tail=2), column(1, 7, 8), column(-1, -2, -3, -4)
    )
    assert found[:, 0].tolist() == [1, -2, 7, 8]


def test_a_table_may_be_longer_or_shorter_than_its_vocabulary():
    # Tables of the ranker end with the last index that a product has.
    rows = TableRows("v")
    assert vocabularies(["a", "b"], ["b", "a"]).carry(rows, column(1), column(-1, -2, -3))[:, 0].tolist() == [
        -1,
        1,
        -3,
    ]
    assert vocabularies(["a", "b"], ["b", "a"]).carry(rows, column(1, 2), column(-1))[:, 0].tolist() == [2]


def test_what_is_new_is_counted():
    assert vocabularies(["a", "b"], ["b", "c", "d"]).num_new("v") == (2, 3)


def test_rows_of_each_kind_of_column():
    def rows(kind, dim=0):
        return rows_of_column("c", FeatureColumn(name="c", kind=kind, dim=dim))

    assert rows(Kind.CATEGORY) == TableRows("c", head=names.FIRST_CATEGORY)
    assert rows(Kind.SET) == rows(Kind.HIERARCHY) == rows(Kind.CATEGORY)
    assert rows(Kind.TEXT) == TableRows("c", tail=names.NUM_HASHED_WORDS)
    assert rows(Kind.NUMBER) is None and rows(Kind.EMBEDDING, 3) is None
