"""Which classical baseline the ranker starts from: the best one over all windows before the test window."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import tensorflow as tf

from schema import names
from schema.candidate_features import SHARES
from trainer.ranking.affinity import AffinityFeatures
from trainer.ranking.classics import (
    CLASSICS,
    COUNTING_OWN,
    OWN_FREQUENCY,
    Anchor,
    classic_scores,
    popularities,
)
from trainer.ranking.metrics import ndcg_of_hits

_TOP_K = 10
_TIE = 1e-6
"""Weight of popularity, from 0 to 1, where a baseline is undecided."""

Tensors = dict[str, Any]


@dataclass(frozen=True)
class AnchorChoice:
    """What was chosen, and among what.

    Attributes:
        anchor: The best baseline.
        ndcg: Baseline -> NDCG@10 at its best setting.
        num_queries: Queries that were asked.
    """

    anchor: Anchor
    ndcg: dict[str, float]
    num_queries: int


def choose_anchor(affinity: AffinityFeatures, batches: tf.data.Dataset) -> AnchorChoice:
    """Measures every baseline at every setting on lists of candidates of several windows.

    Popularity is tuned over all horizons, what counts own purchases over all half-lives, and every baseline
    over all horizons of the popularity that decides where it is undecided. Each window counts by its queries.

    Args:
        affinity: Counts the own purchases.
        batches: Dense rows of candidates.
    """
    num_half_lives = 1 + len(affinity.half_lives)
    options = [
        (name, half_life)
        for name in CLASSICS
        for half_life in range(num_half_lives if name in COUNTING_OWN else 1)
    ]

    @tf.function(reduce_retracing=True)
    def hits(batch: Tensors) -> tf.Tensor:
        pairs = affinity(batch)
        by_half_life = [classic_scores(batch, pairs, half_life) for half_life in range(num_half_lives)]
        every = tf.stack([by_half_life[index][:, CLASSICS.index(name)] for name, index in options], axis=1)
        keys = every[:, :, tf.newaxis, :] + _TIE * _unit(popularities(batch[names.CANDIDATE_FEATURES]))
        best = tf.math.top_k(keys, k=tf.minimum(_TOP_K, tf.shape(keys)[3])).indices
        labels = tf.broadcast_to(batch[names.LABEL][:, tf.newaxis, tf.newaxis, :], tf.shape(keys))
        return tf.gather(labels, best, batch_dims=3) > 0

    parts = []
    for batch in batches:
        found = hits(batch).numpy()
        targets = np.maximum(batch[names.NUM_TARGETS].numpy(), 1)
        flat = found.reshape(-1, found.shape[-1])
        values = ndcg_of_hits(flat, np.repeat(targets, found.shape[1] * found.shape[2]), _TOP_K)
        parts.append(values.reshape(found.shape[:3]))
    if not parts:
        return AnchorChoice(Anchor(), {}, 0)
    mean = np.concatenate(parts).mean(axis=0)
    ndcg: dict[str, float] = {}
    for (name, _), row in zip(options, mean, strict=True):
        ndcg[name] = max(ndcg.get(name, 0.0), float(row.max()))
    best, horizon = np.unravel_index(int(np.argmax(mean)), mean.shape)
    name, half_life = options[int(best)]
    if name not in COUNTING_OWN:
        own = [
            row.max() if option == OWN_FREQUENCY else -1.0
            for (option, _), row in zip(options, mean, strict=True)
        ]
        half_life = options[int(np.argmax(own))][1]
    return AnchorChoice(Anchor(name, int(horizon), half_life), ndcg, sum(map(len, parts)))


def _unit(shares: tf.Tensor) -> tf.Tensor:
    """Each horizon from 0 to 1 within its list `[batch, 1, horizons, candidates]`."""
    low = tf.reduce_min(shares, axis=1, keepdims=True)
    high = tf.reduce_max(shares, axis=1, keepdims=True)
    return tf.transpose(tf.math.divide_no_nan(shares - low, high - low), [0, 2, 1])[:, tf.newaxis]


def describe_anchor(anchor: Anchor, half_lives: tuple[float, ...]) -> dict[str, Any]:
    """For JSON: the name, the horizon, and the half-life in days, None where counts do not decay."""
    days = None if anchor.half_life == 0 else half_lives[anchor.half_life - 1]
    return {"name": anchor.name, "popularity": SHARES[anchor.horizon], "half_life_days": days}
