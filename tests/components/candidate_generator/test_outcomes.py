"""Events of a window joined to candidates, by hand."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from components.candidate_generator.outcomes import read_outcomes
from components.interactions.files import SCHEMA

NAN = float("nan")


@pytest.fixture
def directory(tmp_path):
    rows = [
        # user, product, time, type, quantity, rating
        ("u1", "a", 10, "purchase", 2.0, None),
        ("u1", "a", 12, "view", None, 4.0),
        ("u1", "a", 14, "purchase", 3.0, 5.0),
        ("u1", "b", 20, "purchase", 7.0, None),  # the window is over
        ("u1", "b", 9, "purchase", 7.0, None),  # before it
        ("u2", "c", 11, "other", None, 1.0),
        ("u2", "unknown", 11, "purchase", 9.0, 9.0),
    ]
    table = pa.table(
        {
            "user_id": [row[0] for row in rows],
            "product_id": [row[1] for row in rows],
            "occurred_at": [row[2] for row in rows],
            "event_type": [row[3] for row in rows],
            "weight": pa.nulls(len(rows), pa.float32()),
            "quantity": pa.array([row[4] for row in rows], pa.float32()),
            "price": pa.nulls(len(rows), pa.float32()),
            "rating": pa.array([row[5] for row in rows], pa.float32()),
            "basket_id": pa.nulls(len(rows), pa.string()),
        }
    )
    pq.write_table(table.select(SCHEMA.names).cast(SCHEMA), tmp_path / "part-0.parquet")
    return str(tmp_path)


def test_events_of_the_window_are_joined(directory):
    outcomes = read_outcomes(directory, ["a", "b", "c"], ["purchase", "view"], 10, 20)
    found = outcomes.of(np.array([b"u2", b"u1", b"u3"]), np.array([[0, 2], [0, 1], [0, 2]]))
    assert found["label_events"].tolist() == [
        [[0, 0], [0, 0]],  # an event of an unknown type is none of the known ones
        [[1, 1], [0, 0]],
        [[0, 0], [0, 0]],
    ]
    np.testing.assert_array_equal(found["label_quantity"], [[NAN, NAN], [5.0, NAN], [NAN, NAN]])
    np.testing.assert_array_equal(found["label_rating"], [[NAN, 1.0], [4.5, NAN], [NAN, NAN]])


def test_a_window_without_events(directory):
    found = read_outcomes(directory, ["a"], ["purchase"], 100, 200).of(np.array([b"u1"]), np.array([[0]]))
    assert found["label_events"].tolist() == [[[0.0]]]
    assert np.isnan(found["label_rating"]).all() and np.isnan(found["label_quantity"]).all()
