"""What a request asks of its lists, and the lists with their scores."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

import tensorflow as tf

from components.recommender.cold_start.lists import ColdLists
from components.recommender.post_ranking.ranked_list import RankedList
from components.recommender.ranked_candidates import RankedCandidates
from schema import names

Tensors = dict[str, Any]


@dataclass(frozen=True)
class ListOptions:
    """What a request asks of its lists.

    Attributes:
        top_k: Length, int32 scalar.
        exclude_purchased: Whether nothing that was bought may come again, scalar.
        diversity: Stands in for the configured one, scalar; None leaves that.
    """

    top_k: tf.Tensor
    exclude_purchased: tf.Tensor
    diversity: tf.Tensor | None

    @classmethod
    def taken_from(cls, inputs: Tensors) -> Self:
        """Takes it out of the inputs of a signature."""
        top_k = tf.cast(inputs.pop(names.TOP_K), tf.int32)
        return cls(top_k, inputs.pop(names.EXCLUDE_PURCHASED), inputs.pop(names.DIVERSITY, None))


@dataclass(frozen=True)
class ScoredLists:
    """Lists, and what they were chosen from.

    Attributes:
        index: Products `[batch, width]`: candidates, then what fills lists, then those of segments.
        scores: Theirs, as post-ranking takes them `[batch, width]`.
        ranked_list: The lists.
        candidates: Those that were ranked.
        cold: What was put before all others for those without history; None if nothing is.
    """

    index: tf.Tensor
    scores: tf.Tensor
    ranked_list: RankedList
    candidates: RankedCandidates
    cold: ColdLists | None
