"""Dot interactions by hand."""

from __future__ import annotations

from trainer.ranking.rankers.dlrm import dot_interactions

import tensorflow as tf  # isort: skip  (after the package that chooses the Keras version)


def test_each_pair_of_different_vectors_once():
    vectors = tf.constant([[[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]])
    # 1·0: 3 + 8; 2·0: 5 + 12; 2·1: 15 + 24.
    assert dot_interactions(vectors).numpy().tolist() == [[11.0, 17.0, 39.0]]
