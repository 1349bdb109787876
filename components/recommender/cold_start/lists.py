"""Lists for users without history, in the graph: what is popular in their segment."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import tensorflow as tf

from components.recommender.candidates.item_to_item import frozen
from components.recommender.cold_start.segments import Segments
from components.recommender.post_ranking.filters import FILTERED, exclude, filter_scores

Tensors = dict[str, Any]

_STEP = 1e-3


@dataclass(frozen=True)
class ColdLists:
    """Scored products after those of cold users were put before all others.

    Attributes:
        index: Products `[batch, width]`.
        scores: `[batch, width]`.
        start: Rank from which on products of segments stand, scalar.
        in_segment: Whether they are those of a segment, and not everybody's `[batch, 1]`.
    """

    index: tf.Tensor
    scores: tf.Tensor
    start: tf.Tensor
    in_segment: tf.Tensor


class ColdStart(tf.Module):
    """Puts the popular products of the segment before what was ranked without knowing anything.

    The segment is the first of the list that the request tells; without one it is everybody. Costs nothing
    where each query of a batch has a history.

    Args:
        segments: Lists of popular products.
    """

    def __init__(self, segments: Segments) -> None:
        super().__init__()
        self.columns, self.values = segments.columns, segments.values
        self.products = frozen(segments.products, tf.int64)

    def __call__(self, index: tf.Tensor, scores: tf.Tensor, history: tf.Tensor, inputs: Tensors) -> ColdLists:
        """Appends the lists of those who need them.

        Args:
            index: Products `[batch, width]`.
            scores: `[batch, width]`.
            history: Products of the history, -1 for unknown ones and pads `[batch, time]`.
            inputs: The request.
        """
        cold = tf.reduce_all(history < 0, axis=1, keepdims=True)
        segment = self._segment(inputs, tf.shape(index)[0])

        def extended() -> tuple[tf.Tensor, tf.Tensor]:
            listed = tf.where(cold, tf.gather(self.products, segment), -1)
            best = tf.reduce_max(scores, axis=1, keepdims=True)
            above = tf.where(best > FILTERED, best, 0.0) + 1.0
            falling = _STEP * tf.range(tf.cast(tf.shape(listed)[1], tf.float32), 0.0, -1.0)[tf.newaxis, :]
            own = tf.where(listed >= 0, above + falling, FILTERED)
            others = filter_scores(scores, exclude(index, listed))
            return tf.concat([index, tf.maximum(listed, 0)], axis=1), tf.concat([others, own], axis=1)

        everything, scored = tf.cond(tf.reduce_any(cold), extended, lambda: (index, scores))
        return ColdLists(everything, scored, tf.shape(index)[1], (segment < len(self.columns))[:, tf.newaxis])

    def _segment(self, inputs: Tensors, batch: tf.Tensor) -> tf.Tensor:
        """Number of each user's list `[batch]`."""
        matches = [inputs[column] == value for column, value in zip(self.columns, self.values, strict=True)]
        everybody = tf.ones([batch], tf.bool)
        return tf.argmax(tf.cast(tf.stack([*matches, everybody], axis=1), tf.int32), axis=1)
