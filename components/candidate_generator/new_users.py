"""How many training queries are asked a second time as those of new users."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np
import tensorflow as tf

from schema import names

AUTO: Final = "auto"
_MOST: Final = 0.5
_AT_ONCE: Final = 4096


def choose_cold_share(
    setting: float | str, train: Mapping[int, np.ndarray], evaluation: Mapping[int, np.ndarray]
) -> float:
    """The share of the training users whose queries come a second time without history.

    `auto` makes queries without history as frequent in training as they are in the eval window: with a
    share `e` there and `t` in training, `(t + x) / (1 + x) = e` gives `x = (e - t) / (1 - e)`, cut to
    [0, 1/2].

    Args:
        setting: `auto`, or the share.
        train: Serialised training queries of each cutoff.
        evaluation: Serialised queries of the eval window, likewise.
    """
    if setting != AUTO:
        return float(setting)
    wanted, present = share_without_history(evaluation), share_without_history(train)
    return float(np.clip((wanted - present) / max(1.0 - wanted, 1e-9), 0.0, _MOST))


def share_without_history(records: Mapping[int, np.ndarray]) -> float:
    """The share of the queries that have no event of a known product; 0 if there are no queries."""
    spec = {names.HISTORY_INDEX: tf.io.RaggedFeature(tf.int64, row_splits_dtype=tf.int64)}
    empty, count = 0, 0
    for queries in records.values():
        for start in range(0, len(queries), _AT_ONCE):
            batch = tf.constant(queries[start : start + _AT_ONCE].tolist(), tf.string)
            history = tf.io.parse_example(batch, spec)[names.HISTORY_INDEX]
            known = tf.reduce_sum(tf.cast(history >= 0, tf.int32), axis=1)
            empty += int(tf.math.count_nonzero(known == 0))
            count += len(batch)
    return empty / count if count else 0.0
