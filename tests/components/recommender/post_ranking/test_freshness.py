"""How old products are, and what that adds."""

import numpy as np
import pyarrow as pa
import pytest
import tensorflow as tf

from components.recommender.post_ranking.freshness import Freshness, birth_times

DAY = 86_400
NOW = 1_000 * DAY


def test_the_boost_halves_with_each_half_life():
    born = np.array([NOW, NOW - 10 * DAY, NOW - 20 * DAY, NOW + 5 * DAY])
    stage = Freshness(born, boost=2.0, half_life_days=10.0)
    index = tf.constant([[0, 1, 2, 3]], tf.int64)
    # the scores' deviation is 3; what is yet to come counts as of today
    scores = tf.constant([[0.0, 6.0, 0.0, 6.0]])
    raised = stage(index, scores, tf.constant([NOW], tf.int64)).numpy()[0]
    assert raised == pytest.approx([6.0, 9.0, 1.5, 12.0])


def test_a_product_is_as_old_as_its_row_says_or_its_first_sale():
    first_sale_days = np.array([7, 7, 30, 0], np.float32)  # the last was never sold
    catalog = pa.table(
        {"product_id": [[b"c"], [b"a"], [b"b"]], "created_at": [None, [NOW - 2 * DAY], [NOW - 3 * DAY]]}
    )
    born = birth_times(catalog, ["a", "b", "c", "gone"], first_sale_days, NOW)
    assert (NOW - born) / DAY == pytest.approx([2, 3, 30, 3650], rel=1e-4)
    without = catalog.drop_columns(["created_at"])
    born = birth_times(without, ["a", "b", "c", "gone"], first_sale_days, NOW)
    assert (NOW - born) / DAY == pytest.approx([7, 7, 30, 3650], rel=1e-4)
