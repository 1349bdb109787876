"""Raises products that have not been there for long, in the graph."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import tensorflow as tf

from components.evaluation.examples import first_values, texts
from components.interactions.events import encode
from components.recommender.candidates.item_to_item import frozen
from schema import names

_NEVER_DAYS = 3650.0


class Freshness(tf.Module):
    """Adds `boost * 0.5 ** (age / half life)` standard deviations of the row to each score.

    Args:
        born: Since when each product is there, epoch seconds `[products]`.
        boost: Of a product of today.
        half_life_days: Age at which half of the boost is left.
    """

    def __init__(self, born: np.ndarray, boost: float, half_life_days: float) -> None:
        super().__init__()
        self.born = frozen(born, tf.int64)
        self.boost = boost
        self.half_life_days = half_life_days

    def __call__(self, index: tf.Tensor, scores: tf.Tensor, query_time: tf.Tensor) -> tf.Tensor:
        """Raised scores `[batch, candidates]` at the cutoffs `[batch]`; what is to come is of today."""
        seconds = tf.maximum(query_time[:, tf.newaxis] - tf.gather(self.born, index), 0)
        days = tf.cast(seconds, tf.float32) / names.SECONDS_PER_DAY
        spread = tf.math.reduce_std(scores, axis=1, keepdims=True)
        return scores + self.boost * spread * tf.pow(0.5, days / self.half_life_days)


def birth_times(
    catalog: pa.Table, product_ids: list[str], first_sale_days: np.ndarray, cutoff: int
) -> np.ndarray:
    """`created_at`, or the first sale where that is absent; epoch seconds int64 `[products]`.

    A product that was neither created nor sold counts as ten years old: nothing says that it is new.

    Args:
        catalog: The raw catalog split.
        product_ids: The product vocabulary.
        first_sale_days: Days since the first sale, 0 for what was never sold `[products]`.
        cutoff: Epoch seconds.
    """
    days = np.where(first_sale_days > 0, first_sale_days, _NEVER_DAYS).astype(np.float64)
    born = np.round(cutoff - days * names.SECONDS_PER_DAY).astype(np.int64)
    created = first_values(catalog, names.CREATED_AT)
    if pa.types.is_null(created.type):
        return np.asarray(born)
    row = encode(list(product_ids), texts(first_values(catalog, names.PRODUCT_ID)).combine_chunks())
    values = pc.fill_null(created, -1).to_numpy()
    known = np.where(row >= 0, values[np.maximum(row, 0)], -1)
    return np.asarray(np.where(known >= 0, known, born))
