"""The signature `finish`: what follows the ranker, of candidates that the kernel has ranked."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from components.recommender.graph import Recommender
from components.recommender.lists import ListOptions
from components.recommender.post_ranking.post_ranker import PostRanker
from components.recommender.ranked_candidates import RankedCandidates
from components.recommender.request import RequestHistories, looked_up
from schema import names
from schema.served import finishing

Tensors = dict[str, Any]


def is_needed(post_ranker: PostRanker) -> bool:
    """Whether the kernel does not compute all of post-ranking by itself."""
    further = (post_ranker.calibration, post_ranker.freshness, post_ranker.exploration)
    return bool(post_ranker.rules) or any(further) or post_ranker.method != "mmr"


def finish_specs(recommender: Recommender) -> dict[str, tf.TensorSpec]:
    """Specs of the inputs but `top_k`, `exclude_purchased` and `diversity`; see `docs/served-model.md`."""
    specs = recommender.signature()
    del specs[names.HISTORY_EVENT_TYPE]  # whose index is given
    further = finishing.HISTORY | finishing.CANDIDATES
    return specs | {
        name: tf.TensorSpec([None, None], tf.dtypes.as_dtype(dtype), name) for name, dtype in further.items()
    }


def finish(recommender: Recommender, **inputs: tf.Tensor) -> Tensors:
    """The outputs of `recommend_diverse`, by the functions and tables that make them there."""
    options = ListOptions.taken_from(inputs)
    histories = RequestHistories(inputs, looked_up(inputs))
    history = histories.newest(recommender.settings.history_length)[names.HISTORY_INDEX]
    ranked = RankedCandidates.given(inputs)
    outputs: Tensors = recommender.outputs(
        recommender.listed(inputs, options, histories, history, ranked), history
    )
    return outputs
