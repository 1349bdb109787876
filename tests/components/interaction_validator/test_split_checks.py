from __future__ import annotations

import pyarrow as pa
import pytest

from components.interaction_validator.split_checks import SplitFacts, check_splits
from components.settings import GateSettings


def facts(*rows):
    """Rows are (user, query_time, target_end, history times, number of targets)."""
    users, times, ends, histories, targets = zip(*rows, strict=True)
    found = SplitFacts()
    found.add(
        pa.record_batch(
            {
                "user_id": pa.array([[user.encode()] for user in users], pa.large_list(pa.large_binary())),
                "query_time": pa.array([[time] for time in times], pa.large_list(pa.int64())),
                "target_end": pa.array([[end] for end in ends], pa.large_list(pa.int64())),
                "history_time": pa.array(histories, pa.large_list(pa.int64())),
                "target_product_id": pa.array(
                    [[b"p"] * n for n in targets], pa.large_list(pa.large_binary())
                ),
            }
        )
    )
    return found


SOUND = {
    "train": facts(("a", 10, 20, [1, 9], 1), ("a", 50, 100, None, 2)),
    "eval": facts(("a", 100, 200, [1, 1, 99], 1), ("b", 100, 200, [], 1)),
    "test": facts(("a", 200, 300, [199], 1)),
}


def failed(min_queries=1, **changed):
    checks = check_splits(SOUND | changed, GateSettings(min_queries=min_queries))
    return {check.name for check in checks if check.stops}


def test_sound_splits_pass():
    assert failed() == set()


def test_tiny_splits_are_found():
    assert failed(min_queries=2) == {"size_of_train", "size_of_test"}


def test_an_empty_split_is_found():
    assert "size_of_eval" in failed(eval=SplitFacts())


@pytest.mark.parametrize(
    ("split", "row", "check"),
    [
        ("train", ("a", 60, 101, [1], 1), "train_before_eval"),
        ("eval", ("a", 100, 201, [1], 1), "eval_before_test"),
        ("train", ("a", 60, 100, [1, 60], 1), "history_before_query_in_train"),
        ("test", ("a", 200, 300, [1, 250], 1), "history_before_query_in_test"),
        ("eval", ("a", 100, 200, [5, 4, 6], 1), "history_in_order_in_eval"),
        ("eval", ("a", 100, 200, [4], 0), "targets_in_eval"),
        ("train", ("a", 60, 60, [4], 1), "targets_in_train"),
    ],
)
def test_each_defect_of_a_row_is_found(split, row, check):
    assert failed(**{split: facts(row)}) == {check}


def test_two_queries_of_a_user_in_the_test_window_are_found():
    assert failed(test=facts(("a", 200, 300, [1], 1), ("a", 200, 300, [1], 1))) == {
        "one_query_a_user_in_test"
    }


def test_a_fall_from_one_row_to_the_next_is_no_disorder():
    assert facts(("a", 10, 20, [8, 9], 1), ("b", 10, 20, [1, 2], 1)).num_unordered == 0
