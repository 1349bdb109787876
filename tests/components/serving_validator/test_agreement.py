"""When two lists are the same."""

from components.serving_validator.agreement import mismatch

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


LONG = ([f"p{number}" for number in range(100)], [-0.005 * number for number in range(100)])


def with_swaps(*ranks, by=1):
    """The long list with products swapped, each with the score of its new rank."""
    ids = list(LONG[0])
    for rank in ranks:
        ids[rank], ids[rank + by] = ids[rank + by], ids[rank]
    return ids, list(LONG[1])


def test_neighbours_that_all_but_tie_may_swap():
    assert mismatch(LONG, with_swaps(60)) is None
    assert mismatch(LONG, with_swaps(40, 60)) is None
    shifted = list(LONG[1])
    shifted[60] -= 0.002
    assert mismatch(LONG, (LONG[0], shifted)) is None


def test_what_rounding_does_not_explain_differs():
    swapped = mismatch(LONG, with_swaps(10, 40, 60))
    assert swapped == "product 'p11' with score -0.05 at rank 11, where it is not offline, and 5 more"
    assert (
        mismatch(LONG, with_swaps(40, by=4))
        == "product 'p44' with score -0.2 at rank 41, where it is not offline"
    )
    assert mismatch(LONG, (LONG[0], [score - 0.002 for score in LONG[1]])) is not None
    another = list(LONG[1])
    another[60] -= 0.02
    assert mismatch(LONG, (LONG[0], another)) == "score -0.32 instead of -0.3 at rank 61"
