"""When two lists are the same."""

from components.serving_validator.executor import mismatch

OFFLINE = (["a", "b", "c", "d"], [4.0, 3.0, 3.0, 1.0])


def test_equal_lists_and_small_differences_agree():
    assert mismatch(OFFLINE, OFFLINE) is None
    assert mismatch(OFFLINE, (["a", "b", "c", "d"], [4.0002, 3.0, 2.9999, 1.0])) is None
    assert mismatch(([], []), ([], [])) is None


def test_ties_may_change_places_also_at_the_end():
    assert mismatch(OFFLINE, (["a", "c", "b", "d"], [4.0, 3.0, 3.0, 1.0])) is None
    assert mismatch(OFFLINE, (["a", "b", "c", "e"], [4.0, 3.0, 3.0, 1.0])) is None


def test_other_scores_products_or_lengths_differ():
    assert (
        mismatch(OFFLINE, (["a", "b", "c", "d"], [4.0, 3.0, 3.1, 1.0])) == "score 3.1 instead of 3 at rank 3"
    )
    swapped = mismatch(OFFLINE, (["b", "a", "c", "d"], [4.0, 3.0, 3.0, 1.0]))
    assert swapped == "product 'b' with score 4 at rank 1, where it is not offline"
    stranger = mismatch(OFFLINE, (["x", "b", "c", "d"], [4.0, 3.0, 3.0, 1.0]))
    assert stranger == "product 'x' with score 4 at rank 1, where it is not offline"
    assert mismatch(OFFLINE, (["a"], [4.0])) == "1 products instead of 4"
