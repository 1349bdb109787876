"""Lists of baselines come back in the order of whoever asks."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from components.evaluation.baselines.lists import lists_table, read_lists, write_lists

PRODUCTS = pa.array(["a", "b", "c"])
USERS = pa.array(["u", "v"])


@pytest.fixture
def directory(tmp_path):
    tables = [
        lists_table("ease", "all", USERS, np.array([[2, 0], [1, -1]]), PRODUCTS),
        lists_table("ease", "new", USERS, np.array([[1, -1], [-1, -1]]), PRODUCTS),
        lists_table("als", "all", USERS, np.array([[0, 1], [2, 1]]), PRODUCTS),
    ]
    write_lists(tmp_path, tables)
    return tmp_path


def test_systems_of_a_question(directory):
    found = read_lists(directory, "all", USERS, PRODUCTS)
    assert {name: codes.tolist() for name, codes in found.items()} == {
        "ease": [[2, 0], [1, -1]],
        "als": [[0, 1], [2, 1]],
    }
    assert {
        name: codes.tolist() for name, codes in read_lists(directory, "new", USERS, PRODUCTS).items()
    } == {"ease": [[1], [-1]]}


def test_queries_and_catalogue_in_another_order(directory):
    found = read_lists(directory, "all", pa.array(["v", "u"]), pa.array(["c", "b", "a"]))
    assert found["ease"].tolist() == [[1, -1], [0, 2]]


def test_a_user_without_a_list_is_an_error(directory):
    with pytest.raises(ValueError, match=r"no list for a user.*Received: 1 such users.*BaselineRecommender"):
        read_lists(directory, "all", pa.array(["u", "w"]), PRODUCTS)


def test_nothing_half_written_is_left(directory):
    assert [path.name for path in directory.iterdir()] == ["lists.parquet"]
