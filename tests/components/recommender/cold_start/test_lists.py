"""The lists of those of whom nothing is known."""

import numpy as np
import tensorflow as tf

from components.recommender.cold_start.lists import ColdStart
from components.recommender.cold_start.segments import Segments
from components.recommender.post_ranking.filters import FILTERED
from schema.tensors.in_graph import in_graph

SEGMENTS = Segments(
    columns=("user__town", "user__job", "user__town"),
    values=("Ulm", "baker", "Bonn"),
    products=np.array([[7, 2, -1], [8, 1, 0], [9, -1, -1], [5, 6, 2]]),
)
INDEX = [1, 2, 3]
SCORES = [4.0, 3.0, FILTERED]


def lists(*users):
    """`users`: (history, town, job); the products of each list, best first, and whose they are."""
    history, town, job = zip(*users, strict=True)
    stage = ColdStart(SEGMENTS)
    inputs = {"user__town": tf.constant(town), "user__job": tf.constant(job)}

    @in_graph
    def ask():
        found = stage(
            tf.constant([INDEX] * len(users), tf.int64),
            tf.constant([SCORES] * len(users)),
            tf.constant(history, tf.int64),
            inputs,
        )
        return found.index, found.scores, found.start, found.in_segment

    index, scores, start, in_segment = (value.numpy() for value in ask())
    assert start == 3
    order = np.argsort(-scores, axis=1, kind="stable")
    kept = [[int(index[r, p]) for p in order[r] if scores[r, p] > FILTERED] for r in range(len(users))]
    return kept, in_segment[:, 0].tolist(), index.shape[1]


def test_who_has_a_history_keeps_the_list_and_costs_nothing():
    assert lists(([-1, 4], "Ulm", "baker"))[::2] == ([[1, 2]], 3)


def test_the_first_segment_that_the_request_tells_comes_before_the_others():
    users = [
        ([-1, -1], "Ulm", "baker"),
        ([-1, -1], "Bonn", "baker"),
        ([-1, -1], "Bonn", ""),
        ([-1, -1], "Hof", ""),
        ([3, -1], "Ulm", ""),
    ]
    kept, in_segment, width = lists(*users)
    # product 2 of the first list and 1 of the second were candidates too; they come once
    assert kept == [[7, 2, 1], [8, 1, 0, 2], [9, 1, 2], [5, 6, 2, 1], [1, 2]]
    assert in_segment[:4] == [True, True, True, False] and width == 6
