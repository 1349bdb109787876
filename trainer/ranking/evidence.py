"""How much of the ranker's correction several windows speak for, and after how many epochs."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import tensorflow as tf

from schema import names
from trainer.ranking.metrics import ndcg_at_k

STRENGTHS: Final = (0.0, 0.25, 0.5, 0.75, 1.0)
_MIN_QUERIES: Final = 30
"""Fewer of a kind say nothing: the order stays that of the baseline."""
_TOP_K: Final = 10


@dataclass(frozen=True)
class ValidationLists:
    """Lists of windows that the model has not seen, `[queries, candidates]` where nothing else is said.

    Attributes:
        labels: Positive where a candidate is a target.
        bought: Which candidates the user has bought.
        num_targets: Targets of each query, also those that are no candidates `[queries]`.
        window: Number of the window of each query `[queries]`.
        has_history: Whether anything is known of the user `[queries]`.
    """

    labels: np.ndarray
    bought: np.ndarray
    num_targets: np.ndarray
    window: np.ndarray
    has_history: np.ndarray

    def utilities(self, scores: np.ndarray) -> np.ndarray:
        """NDCG@10 of everything and of what was never bought before, `[queries, 2]`; NaN without targets."""
        relevant = self.labels > 0
        num_again = (relevant & self.bought).sum(axis=1)
        num_new = np.maximum(self.num_targets - num_again, 0)
        new_scores = np.where(self.bought, -np.inf, scores)
        columns = [
            _ndcg(relevant, scores, self.num_targets),
            _ndcg(relevant & ~self.bought, new_scores, num_new),
        ]
        return np.stack(columns, axis=1)


@dataclass(frozen=True)
class Choice:
    """What the windows speak for.

    Attributes:
        epoch: Epochs of training; at least one.
        strength: Of the correction, for users with and without history.
        gain: Mean relative gain over the baseline's order, for both; of the mean of both NDCGs.
        standard_error: Of the gain, for both.
        num_windows: Windows that were asked.
    """

    epoch: int
    strength: tuple[float, float]
    gain: tuple[float, float]
    standard_error: tuple[float, float]
    num_windows: int


class Evidence:
    """Collects how each epoch does on validation lists at each strength, and chooses.

    Args:
        lists: Of windows that the model has not been trained on.
    """

    def __init__(self, lists: ValidationLists) -> None:
        self.lists = lists
        self._measured: dict[tuple[int, float], np.ndarray] = {}

    def add(self, epoch: int, anchored: np.ndarray, correction: np.ndarray) -> float:
        """Measures an epoch, counted from 1; returns the NDCG@10 of everything at full strength."""
        for strength in STRENGTHS:
            self._measured[epoch, strength] = self.lists.utilities(anchored + strength * correction)
        return float(np.nan_to_num(np.nanmean(self._measured[epoch, STRENGTHS[-1]][:, 0])))

    def choose(self) -> Choice:
        """The simplest epoch and strength within one standard error of the best (Breiman et al. 1984).

        A weaker correction is simpler than a stronger one, and an earlier epoch than a later one. Gains are
        relative to the baseline's order in the same window, so that each window counts by its queries and
        not by how easy it is; differences are paired by query, and their error is that between windows or
        that between queries, whichever is greater. Users without history choose their own strength.
        """
        epochs = sorted({epoch for epoch, _ in self._measured})
        known, cold = self.lists.has_history, ~self.lists.has_history
        epoch, strength, *of_known = self._best(known, epochs)
        if strength == 0.0 and known.sum() < _MIN_QUERIES:
            epoch = epochs[-1]
        _, cold_strength, *of_cold = self._best(cold, [epoch])
        return Choice(
            epoch,
            (strength, cold_strength),
            (of_known[0], of_cold[0]),
            (of_known[1], of_cold[1]),
            len(np.unique(self.lists.window)),
        )

    def _best(self, queries: np.ndarray, epochs: Sequence[int]) -> tuple[int, float, float, float]:
        """Epoch, strength, gain and its standard error for some queries."""
        if queries.sum() < _MIN_QUERIES:
            return epochs[0], 0.0, 0.0, 0.0
        window = self.lists.window[queries]
        base = self._measured[epochs[0], 0.0][queries]
        scale = _scale(base, window)
        gains = {
            (strength, epoch): _gains(self._measured[epoch, strength][queries] - base, scale)
            for strength in STRENGTHS
            for epoch in epochs
        }
        best = max(gains, key=lambda key: float(np.nanmean(gains[key])))
        simplest = next(key for key in sorted(gains) if _is_within_error(gains[best] - gains[key], window))
        gain, error = mean_and_error(gains[simplest], window)
        return simplest[1], simplest[0], gain, error


def _scale(base: np.ndarray, window: np.ndarray) -> np.ndarray:
    """Mean of each column in the window of each query `[queries, 2]`; NaN where it is 0."""
    scale = np.full(base.shape, np.nan)
    for number in np.unique(window):
        rows = window == number
        for column in range(base.shape[1]):
            values = base[rows, column]
            mean = values[np.isfinite(values)].mean() if np.isfinite(values).any() else 0.0
            scale[rows, column] = mean if mean > 0 else np.nan
    return scale


def _gains(differences: np.ndarray, scale: np.ndarray) -> np.ndarray:
    """Mean of the relative differences that are known, `[queries]`; NaN if none is."""
    relative = differences / scale
    known = np.isfinite(relative)
    total = np.where(known, relative, 0.0).sum(axis=1)
    gains: np.ndarray = np.where(known.any(axis=1), total / np.maximum(known.sum(axis=1), 1), np.nan)
    return gains


def _is_within_error(differences: np.ndarray, window: np.ndarray) -> bool:
    mean, error = mean_and_error(differences, window)
    return mean <= error


def mean_and_error(differences: np.ndarray, window: np.ndarray) -> tuple[float, float]:
    """Mean over queries, and the greater of its errors between windows and between queries."""
    known = np.isfinite(differences)
    values, groups = differences[known], window[known]
    if not len(values):
        return 0.0, 0.0
    mean = float(values.mean())
    within = float(values.std() / np.sqrt(len(values)))
    numbers, code = np.unique(groups, return_inverse=True)
    if len(numbers) < 2:
        return mean, within
    counts = np.bincount(code)
    means = np.bincount(code, values) / counts
    between = float(np.sqrt(np.sum((counts * (means - mean)) ** 2) * len(numbers) / (len(numbers) - 1)))
    return mean, max(within, between / len(values))


def _ndcg(relevant: np.ndarray, scores: np.ndarray, num_targets: np.ndarray) -> np.ndarray:
    values = ndcg_at_k(relevant, scores, np.maximum(num_targets, 1), _TOP_K)
    result: np.ndarray = np.where(num_targets > 0, values, np.nan)
    return result


def write_evidence(content: dict[str, Any], directory: str) -> None:
    """Writes what was chosen beside the model, as `evidence.json`."""
    tf.io.gfile.makedirs(f"{directory}/{names.RANKING_EVIDENCE}".rpartition("/")[0])
    with tf.io.gfile.GFile(f"{directory}/{names.RANKING_EVIDENCE}", "w") as file:
        file.write(json.dumps(content, indent=1))
