"""Numbers and groups in words."""

import numpy as np
import pytest

from schema.served.score_parts import ANCHOR, GROUPS
from serving.model.tracing import Trace
from serving.recommend.why.words import CLASSICS, LABELS, of_group, ordinal


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (1, "1st"),
        (2, "2nd"),
        (3, "3rd"),
        (4, "4th"),
        (11, "11th"),
        (12, "12th"),
        (21, "21st"),
        (1112, "1,112th"),
    ],
)
def test_ordinals(number, text):
    assert ordinal(number) == text


def trace(**values):
    ranks = np.array([values.pop(name, 0) for name in LABELS])
    known = {"source_rank": ranks, "times_bought": 0, "days_since_last": np.nan, "neighbour_of": b""}
    return Trace(known | values)


def test_every_group_has_words():
    texts = [of_group(group, trace(), "ease") for group in (*GROUPS, ANCHOR)]
    assert len(set(texts)) == len(texts) and all(texts)
    assert CLASSICS["ease"] in texts[-1]


def test_groups_tell_of_this_product():
    bought = of_group("own_events", trace(times_bought=3, days_since_last=12.2), "")
    assert bought == "the user's own events with it: bought 3 times, 12 days ago"
    together = of_group("neighbours", trace(neighbours=4, neighbour_of=b"tea"), "")
    assert together == "bought together with tea and others (4th of all)"
    assert of_group("popularity", trace(popular=2), "") == "its popularity (2nd of all)"
