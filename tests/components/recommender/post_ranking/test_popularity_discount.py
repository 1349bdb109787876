"""The discount takes off what the ranker knows of popularity."""

from __future__ import annotations

import numpy as np
import tensorflow as tf

from components.recommender.post_ranking.popularity_discount import POPULARITY, discounted
from schema.served.candidate_features import CANDIDATE_FEATURES


def test_the_graph_takes_the_popularity_of_the_last_four_windows_off():
    features = np.zeros((1, 2, len(CANDIDATE_FEATURES)), np.float32)
    features[0, :, POPULARITY] = [4.0, 1.0]
    result = discounted(tf.constant([[2.0, 1.0]]), tf.constant(features), 0.25)
    assert result.numpy().tolist() == [[1.0, 0.75]]
