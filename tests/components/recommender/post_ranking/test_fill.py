from types import SimpleNamespace

import numpy as np
import tensorflow as tf

from components.recommender.post_ranking.fill import by_popularity
from schema.served.candidate_features import STATISTICS


def test_the_whole_catalogue_follows_in_order_of_popularity():
    statistics = np.zeros((6, len(STATISTICS)), np.float32)
    statistics[:, STATISTICS.index("share_window")] = [0, 0, 3, 1, 0, 0]
    statistics[:, STATISTICS.index("share_four")] = [0, 2, 3, 1, 0, 0]
    statistics[:, STATISTICS.index("buyer_share")] = [0, 2, 3, 1, 4, 0]
    sources = SimpleNamespace(popular=tf.constant([3, 2], tf.int64), statistics=tf.constant(statistics))
    # what the sources rank keeps its order; 1 sold of late, 4 long ago, 0 and 5 never
    assert by_popularity(sources).tolist() == [3, 2, 1, 4, 0, 5]
