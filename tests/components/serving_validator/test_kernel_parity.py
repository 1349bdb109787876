"""The gate of the kernel: equal lists, or none of it."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from components.evaluation.served import ServedModel
from components.serving_validator.kernel_parity import (
    cold_queries,
    compare_executors,
    difference_of,
    random_queries,
)
from schema import names
from schema.served.request import Query

NOW = 1_700_000_000


def outputs(ids, scores, sources=None):
    return {
        "product_id": np.array([[name.encode() for name in ids]], object),
        "source": np.array([sources or [b"ease"] * len(ids)], object),
        "score": np.array([scores], np.float32),
    }


def test_what_makes_lists_different():
    nan = float("nan")
    expected = outputs(["a", "b", ""], [200.0, 1.0, nan])
    assert difference_of(expected, outputs(["a", "b", ""], [200.001, 1.0, nan])) == ""
    assert difference_of(expected, outputs(["a", "b", ""], [200.0, 1.01, nan])) == "scores differ by 0.01"
    told = difference_of(expected, outputs(["b", "a", ""], [200.0, 1.0, nan]))
    assert told == "product_id b'b' instead of b'a' at rank 1"
    other = outputs(["a", "b", ""], [200.0, 1.0, nan], [b"ease", b"popular", b"ease"])
    assert difference_of(expected, other) == "source b'popular' instead of b'ease' at rank 2"


def test_random_users_have_events_of_the_others():
    recorded = [Query("u", NOW, ["a", "b"], [NOW - 20, NOW - 10], ["view", "purchase"])]
    made, again = (list(random_queries(recorded, 3)) for _ in range(2))
    assert made == again and made != list(random_queries(recorded, 4)) and len(made) == 100
    for query in made:
        assert set(query.product_ids) <= {"a", "b", "unknown 0", "unknown 1"}
        assert list(query.times) == sorted(query.times) and max(query.times) < query.query_time


def test_cold_users_keep_their_columns_and_no_events():
    one = Query("u1", NOW, ["a"], [5], ["view"], {"town": "Ulm"})
    found = cold_queries([one, one] * 40)
    assert len(found) == 50 and not any(
        query.product_ids or query.times or query.event_types for query in found
    )
    assert [query.user_id for query in found[:3]] == ["", "u1", ""] and found[0].features == {"town": "Ulm"}


@pytest.fixture
def recorded(plain_shop):
    return [
        Query(
            row["user_id"][0].decode(),
            NOW + 1,
            [product.decode() for product in row["history_product_id"]],
            row["history_time"],
            [kind.decode() for kind in row["history_event_type"]],
        )
        for row in plain_shop.rows["test"]
        if row.get("history_product_id")
    ][:20]


def test_a_model_whose_kernel_gives_its_lists(plain_shop, recorded, built_kernel):
    found = compare_executors(ServedModel(plain_shop.model), recorded, seed=1)
    assert found["equal"] is True and found["reason"] == "", found
    assert found["num_lists"] == len(recorded) + 100 + len(recorded) - found["num_uncovered"]
    assert found["num_uncovered"] < 5 and found["largest_difference"] < 1e-5


def test_a_model_with_rules(plain_shop, with_rules, recorded):
    found = compare_executors(ServedModel(str(with_rules)), recorded, seed=1)
    assert found["equal"] is True and found["reason"] == "", found
    assert found["num_uncovered"] < 5 and found["largest_difference"] < 1e-5


def test_a_kernel_with_another_weight(plain_shop, recorded, built_kernel, tmp_path, monkeypatch):
    from kernel import executor

    model = tmp_path / "model"
    shutil.copytree(plain_shop.model, model)

    def read(folder: Path):
        description, arrays = executor_read(folder)
        return description, arrays | {
            "ranker.anchor_weight": arrays["ranker.anchor_weight"] * np.float32(1.1)
        }

    executor_read = executor.read_tables
    monkeypatch.setattr(executor, "read_tables", read)
    found = compare_executors(ServedModel(str(model)), recorded, seed=1)
    assert found["equal"] is False and "lists differ from those of the session" in found["reason"]
    assert found["num_different"] > 50 and len(found["different"]) == 5


def test_a_model_without_tables(plain_shop, recorded, built_kernel, tmp_path):
    model = tmp_path / "model"
    shutil.copytree(plain_shop.model, model, ignore=shutil.ignore_patterns(Path(names.KERNEL).name))
    found = compare_executors(ServedModel(str(model)), recorded, seed=1)
    assert found == {"equal": False, "reason": "the version was pushed without tables of the kernel"}
