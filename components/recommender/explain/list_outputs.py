"""The outputs of `recommend`: the products of the lists, and where each comes from."""

from __future__ import annotations

from typing import Any, Final

import tensorflow as tf

from components.recommender.candidates.item_to_item import ItemToItem
from components.recommender.candidates.sources import SOURCE_NAMES
from components.recommender.explain.nearest_recent import NearestRecent
from components.recommender.lists import ScoredLists
from schema import names

Tensors = dict[str, Any]

_RULE: Final = "rule"
_SEGMENT: Final = "segment"
_SOURCES: Final = [*SOURCE_NAMES, _RULE, _SEGMENT, ""]


class ListOutputs(tf.Module):
    """Tells of lists what `docs/served-model.md` promises.

    Args:
        neighbours: Of every product.
        product_ids: The product vocabulary.
    """

    def __init__(self, neighbours: ItemToItem, product_ids: tf.Variable) -> None:
        super().__init__()
        self.product_ids = product_ids
        self.nearest_recent = NearestRecent(neighbours, product_ids)
        self.source_names = tf.constant(_SOURCES)

    def __call__(self, listed: ScoredLists, history: tf.Tensor) -> Tensors:
        """The outputs, `[batch, top_k]` each.

        Args:
            listed: The lists.
            history: Products of the history, oldest first, -1 pads `[batch, time]`.
        """
        ranked_list, candidates, cold = listed.ranked_list, listed.candidates, listed.cold
        position, exists = ranked_list.position, ranked_list.exists
        product = tf.gather(listed.index, position, batch_dims=1)
        num_candidates = tf.shape(candidates.index)[1]
        is_candidate = tf.logical_and(exists, position < num_candidates)
        inside = tf.minimum(position, num_candidates - 1)

        def explained(values: tf.Tensor, default: Any) -> tf.Tensor:
            return tf.where(
                is_candidate, tf.gather(values, inside, batch_dims=1), tf.cast(default, values.dtype)
            )

        source = explained(candidates.source, SOURCE_NAMES.index("popular"))
        if cold is not None:
            in_segment = tf.logical_and(position >= cold.start, cold.in_segment)
            source = tf.where(in_segment, _SOURCES.index(_SEGMENT), source)
        source = tf.where(ranked_list.pinned_by != "", _SOURCES.index(_RULE), source)
        source = tf.where(exists, source, _SOURCES.index(""))
        missing = tf.constant(float("nan"))
        return {
            names.PRODUCT_ID: tf.where(exists, tf.gather(self.product_ids, product), ""),
            "score": tf.where(exists, ranked_list.score, missing),
            "source": tf.gather(self.source_names, source),
            "neighbour_of": self.nearest_recent(product, source, history),
            **{
                name: explained(values, missing if values.dtype.is_floating else 0)
                for name, values in candidates.details.items()
            },
            "propensity": tf.where(exists, ranked_list.propensity, missing),
            "pinned_by": ranked_list.pinned_by,
            "relaxed": ranked_list.relaxed,
        }
