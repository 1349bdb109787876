"""Who orders the lists of new users is measured."""

from __future__ import annotations

import numpy as np
import pytest

from components.recommender.cold_start.segments import Segments
from components.recommender_assembler.choices.cold_start import (
    MIN_COLD_QUERIES,
    choose_cold_start,
    segment_gains,
)
from components.recommender_assembler.choices.eval_lists import EvalLists

import tensorflow as tf  # isort: skip  (after the package that chooses the Keras version)


def lists_of(num_cold, num_known=5):
    """New users buy the first of two candidates, which is the less popular; known ones the second."""
    size = num_cold + num_known
    cold = np.arange(size) < num_cold
    labels = np.where(cold[:, None], [[1.0, 0.0]], [[0.0, 1.0]])
    ones = np.ones(size, int)
    return EvalLists(
        index=np.tile([[3, 4]], (size, 1)),
        scores=np.zeros((size, 2)),
        popularity=np.tile([[1.0, 2.0]], (size, 1)),
        labels=labels,
        num_targets=ones,
        bought=np.zeros((size, 2), bool),
        num_new_targets=ones,
        has_history=~cold,
    )


RANKER_WINS, RANKER_TIES = [2.0, 1.0], [1.0, 2.0]  # by 1 - 1/log2(3) = .37 of NDCG, or not at all
NOTHING = np.zeros(MIN_COLD_QUERIES)


@pytest.mark.parametrize(
    ("scores", "gains", "chosen"),
    [
        (RANKER_TIES, NOTHING, "model"),  # the ranker starts from popularity: it is the simpler choice
        (RANKER_TIES, NOTHING + 0.1, "segment"),
        (RANKER_WINS, NOTHING + 0.1, "model"),
        (RANKER_WINS, NOTHING + 0.5, "segment"),
        # thirty gains of mean .1 and deviation .9: a standard error of .16
        (RANKER_TIES, 0.1 + 0.9 * np.tile([-1.0, 1.0], MIN_COLD_QUERIES // 2), "model"),
    ],
)
def test_segments_have_to_be_better_than_popularity_and_as_good_as_the_ranker(scores, gains, chosen):
    lists = lists_of(MIN_COLD_QUERIES)
    assert choose_cold_start(lists, np.tile([scores], (len(lists.scores), 1)), gains) == chosen


def test_a_few_new_users_say_nothing():
    lists = lists_of(MIN_COLD_QUERIES - 1)
    scores = np.tile([RANKER_WINS], (len(lists.scores), 1))
    assert choose_cold_start(lists, scores, NOTHING) == "segment"


def test_gains_are_those_of_the_own_segment_over_everybody(tmp_path):
    def row(history, targets, town):
        def texts(*values):
            return tf.train.Feature(bytes_list=tf.train.BytesList(value=values))

        columns = {"history_product_id": texts(*history), "target_product_id": texts(*targets)}
        if town:
            columns["user__town"] = texts(town)
        return tf.train.Example(features=tf.train.Features(feature=columns)).SerializeToString()

    rows = [
        row([], [b"b"], b"Ulm"),  # first of the segment, second of everybody: 1 - 1/log2(3)
        row([b"a"], [b"b"], b"Ulm"),  # has a history
        row([], [b"a"], b"Hof"),  # of no segment: no difference
        row([], [b"a", b"b"], None),
    ]
    (tmp_path / "Split-eval").mkdir()
    with tf.io.TFRecordWriter(str(tmp_path / "Split-eval" / "data.gz"), "GZIP") as writer:
        for record in rows:
            writer.write(record)
    segments = Segments(("user__town",), ("Ulm",), np.array([[1, 0, -1], [0, 1, -1]]))
    gains = segment_gains(str(tmp_path), segments, ["a", "b"])
    np.testing.assert_allclose(gains, [1 - 1 / np.log2(3), 0.0, 0.0])
