"""Which classical baseline the ranker starts from: over all windows, each tuned on the newest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import tensorflow as tf

from schema import names
from schema.served.candidate_features import SHARES
from schema.tensors.in_graph import in_graph
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
_SMALLEST = 1e-12

Tensors = dict[str, Any]


@dataclass(frozen=True)
class AnchorChoice:
    """What was chosen, and among what.

    Attributes:
        anchor: The baseline.
        ndcg: Baseline -> NDCG@10 of everything over all windows, at the setting of the newest.
        num_queries: Queries that were asked.
    """

    anchor: Anchor
    ndcg: dict[str, float]
    num_queries: int


def choose_anchor(
    affinity: AffinityFeatures, older: tf.data.Dataset, newest: tf.data.Dataset
) -> AnchorChoice:
    """Measures every baseline at every setting on lists of candidates of several windows.

    Popularity is tuned over all horizons, what counts own purchases over all half-lives, and every baseline
    over all horizons of the popularity that decides where it is undecided. The newest window tunes them, on
    everything and on what was never bought before, the latter by its share of the purchases: the baselines
    that the gates compare with are tuned there, and an anchor tuned otherwise differs from the same baseline
    by its settings alone. Which baseline it is, all windows decide, each by its queries: the simplest, in the
    order of `CLASSICS`, that is not below the best on everything by more than a standard error of their
    paired difference, nor below that one on what was never bought before. Of eight baselines that thirty
    users are asked for, the best is the best by chance.

    Args:
        affinity: Counts the own purchases.
        older: Dense rows of candidates of the windows before the newest.
        newest: Those of the newest window; where it has none, all windows tune.
    """
    half_lives = range(1 + len(affinity.half_lives))
    options = [
        (name, half_life)
        for name in CLASSICS
        for half_life in (half_lives if name in COUNTING_OWN else half_lives[:1])
    ]
    measured = [_measure(affinity, options, batches) for batches in (older, newest)]
    everything = np.concatenate([window.everything for window in measured])
    if not len(everything):
        return AnchorChoice(Anchor(), {}, 0)
    tuning = measured[-1] if len(measured[-1].everything) else measured[0]
    mean = everything.mean(axis=0)
    settings = {name: _best_setting(name, options, tuning) for name in CLASSICS}
    ndcg = {name: float(mean[setting]) for name, setting in settings.items()}
    questions = (everything, np.concatenate([window.new for window in measured]))
    chosen = _simplest([[values[:, *settings[name]] for values in questions] for name in CLASSICS])
    name = CLASSICS[chosen]
    counting = name if name in COUNTING_OWN else OWN_FREQUENCY
    anchor = Anchor(name, settings[name][1], options[settings[counting][0]][1])
    return AnchorChoice(anchor, ndcg, len(everything))


@dataclass(frozen=True)
class _Measured:
    """NDCG@10 of every option and horizon `[queries, options, horizons]`.

    Attributes:
        everything: Of all targets.
        new: Of those that were never bought before; NaN for a query without one.
        share_of_new: Share of the latter in all targets.
    """

    everything: np.ndarray
    new: np.ndarray
    share_of_new: float


def _simplest(utilities: Sequence[Sequence[np.ndarray]]) -> int:
    """The first baseline that is within a standard error of the best on everything, in both questions.

    Args:
        utilities: Of each baseline, the simplest first: of everything and of what is new `[queries]`.
    """
    best = max(range(len(utilities)), key=lambda row: float(utilities[row][0].mean()))
    within = (all(map(_is_within_error, own, utilities[best])) for own in utilities)
    return next(row for row, is_within in enumerate(within) if is_within)


def _is_within_error(own: np.ndarray, best: np.ndarray) -> bool:
    """Whether it is not below the best by more than a standard error of the paired difference."""
    difference = (best - own)[np.isfinite(best)]
    return not len(difference) or bool(difference.mean() <= difference.std() / np.sqrt(len(difference)))


def _best_setting(name: str, options: Sequence[tuple[str, int]], measured: _Measured) -> tuple[int, int]:
    """Option and horizon of the best setting of a baseline."""
    rows = [row for row, (option, _) in enumerate(options) if option == name]
    everything = _relative(measured.everything[:, rows])
    utility = everything + measured.share_of_new * _relative(measured.new[:, rows])
    row, horizon = np.unravel_index(int(np.argmax(utility)), utility.shape)
    return rows[int(row)], int(horizon)


def _relative(values: np.ndarray) -> np.ndarray:
    """Means over the queries, relative to the greatest; 0 where nobody was asked or nothing was found."""
    asked = np.isfinite(values)
    means = np.where(asked, values, 0.0).sum(axis=0) / np.maximum(asked.sum(axis=0), 1)
    result: np.ndarray = means / max(float(means.max(initial=0.0)), _SMALLEST)
    return result


def _measure(
    affinity: AffinityFeatures, options: Sequence[tuple[str, int]], batches: tf.data.Dataset
) -> _Measured:
    """Measures all options at all horizons."""

    @in_graph(reduce_retracing=True)
    def first_hits(batch: Tensors) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        pairs = affinity(batch)
        by_half_life = [
            classic_scores(batch, pairs, half_life) for half_life in range(1 + len(affinity.half_lives))
        ]
        every = tf.stack([by_half_life[index][:, CLASSICS.index(name)] for name, index in options], axis=1)
        keys = every[:, :, tf.newaxis, :] + _TIE * _unit(popularities(batch[names.CANDIDATE_FEATURES]))
        bought = pairs["own_counts"][..., 0] > 0
        relevant = batch[names.LABEL] > 0
        num_again = tf.reduce_sum(tf.cast(relevant & bought, tf.int64), axis=1)
        not_bought = tf.where(bought[:, tf.newaxis, tf.newaxis, :], -1.0, keys)
        return _hits(keys, relevant), _hits(not_bought, relevant & ~bought), num_again

    everything, new = [np.zeros((0, len(options), len(SHARES)))], [np.zeros((0, len(options), len(SHARES)))]
    num_targets, num_new = 0, 0
    for batch in batches:
        hits, new_hits, num_again = (value.numpy() for value in first_hits(batch))
        targets = batch[names.NUM_TARGETS].numpy()
        others = np.maximum(targets - num_again, 0)
        everything.append(_ndcg(hits, np.maximum(targets, 1)))
        new.append(_ndcg(new_hits, others))
        num_targets, num_new = num_targets + targets.sum(), num_new + others.sum()
    return _Measured(np.concatenate(everything), np.concatenate(new), float(num_new / max(num_targets, 1)))


def _hits(keys: tf.Tensor, relevant: tf.Tensor) -> tf.Tensor:
    """Which of the first by `keys` `[batch, options, horizons, candidates]` are relevant."""
    best = tf.math.top_k(keys, k=tf.minimum(_TOP_K, tf.shape(keys)[3])).indices
    spread = tf.broadcast_to(relevant[:, tf.newaxis, tf.newaxis, :], tf.shape(keys))
    return tf.gather(spread, best, batch_dims=3)


def _ndcg(hits: np.ndarray, num_targets: np.ndarray) -> np.ndarray:
    """That of hits `[queries, options, horizons, ranks]`, NaN for queries without targets."""
    flat = hits.reshape(-1, hits.shape[-1])
    repeated = np.repeat(np.maximum(num_targets, 1), hits.shape[1] * hits.shape[2])
    values = ndcg_of_hits(flat, repeated, _TOP_K).reshape(hits.shape[:3])
    result: np.ndarray = np.where(num_targets[:, np.newaxis, np.newaxis] > 0, values, np.nan)
    return result


def _unit(shares: tf.Tensor) -> tf.Tensor:
    """Each horizon from 0 to 1 within its list `[batch, 1, horizons, candidates]`."""
    low = tf.reduce_min(shares, axis=1, keepdims=True)
    high = tf.reduce_max(shares, axis=1, keepdims=True)
    return tf.transpose(tf.math.divide_no_nan(shares - low, high - low), [0, 2, 1])[:, tf.newaxis]


def describe_anchor(anchor: Anchor, half_lives: tuple[float, ...]) -> dict[str, Any]:
    """For JSON: the name, the horizon, and the half-life in days, None where counts do not decay."""
    days = None if anchor.half_life == 0 else half_lives[anchor.half_life - 1]
    return {"name": anchor.name, "popularity": SHARES[anchor.horizon], "half_life_days": days}
