"""How much of the ranker's correction several windows speak for, and after how many epochs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

import numpy as np

from schema import names
from trainer.ranking.metrics import ndcg_at_k
from trainer.shared.assets import write_json

STRENGTHS: Final = (0.0, 0.25, 0.5, 0.75, 1.0)
_MIN_QUERIES: Final = 30
"""Fewer of a kind say nothing: the order stays that of the baseline."""
_TOP_K: Final = 10
_DEVIATIONS: Final = 1.96
"""Of a 95 % interval."""


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

    def share_of_new(self, queries: np.ndarray) -> float:
        """Share of the targets of some queries that the user had never bought before."""
        again = ((self.labels > 0) & self.bought)[queries].sum()
        return float(1 - again / max(self.num_targets[queries].sum(), 1))


@dataclass(frozen=True)
class Gain:
    """A relative gain over the baseline's order, and its standard error.

    Attributes:
        mean: Over the queries of all windows, each relative to the mean of the baseline in its window.
        error: The greater of that between windows and that between queries.
    """

    mean: float = 0.0
    error: float = 0.0

    @property
    def is_sure(self) -> bool:
        """Whether its 95 % interval is above 0."""
        return self.mean > _DEVIATIONS * self.error

    @property
    def may_be_a_loss(self) -> bool:
        """Whether it is below 0 by more than a standard error."""
        return self.mean < -self.error


@dataclass(frozen=True)
class Gains:
    """What a correction brings some users.

    Attributes:
        everything: In NDCG@10 of everything.
        new: In NDCG@10 of what was never bought before.
        both: Of both, the latter weighted by its share of the purchases.
    """

    everything: Gain = Gain()
    new: Gain = Gain()
    both: Gain = Gain()


@dataclass(frozen=True)
class Choice:
    """What the windows speak for.

    Attributes:
        epoch: Epochs of training; at least one.
        strength: Of the correction, for users with and without history.
        gains: Over the baseline's order, for both.
        num_windows: Windows that were asked.
    """

    epoch: int
    strength: tuple[float, float]
    gains: tuple[Gains, Gains]
    num_windows: int


class Evidence:
    """Collects how each epoch does on validation lists at each strength, and chooses.

    Args:
        lists: Of windows that the model has not been trained on.
    """

    def __init__(self, lists: ValidationLists) -> None:
        self.lists = lists
        self._measured: dict[tuple[float, int], np.ndarray] = {}

    def add(self, epoch: int, anchored: np.ndarray, correction: np.ndarray) -> float:
        """Measures an epoch, counted from 1; returns the NDCG@10 of everything at full strength."""
        for strength in STRENGTHS:
            self._measured[strength, epoch] = self.lists.utilities(anchored + strength * correction)
        return float(np.nan_to_num(np.nanmean(self._measured[STRENGTHS[-1], epoch][:, 0])))

    def choose(self) -> Choice:
        """The epoch and strength of the greatest mean gain among those whose gain is sure.

        A gain is sure if its 95 % interval is above 0, everything is not below 0 at all, and what is new,
        which is rarer, by no more than a standard error; where none is, the order stays that of the
        baseline. Gains are relative to the baseline's order in the same window, so that each window counts
        by its queries and not by how easy it is; differences are paired by query. An epoch counts by the
        mean of itself and its neighbours: the best of many epochs is above the others by chance, and what
        has been learned stays for another epoch. Users without history choose their own strength.
        """
        epochs = sorted({epoch for _, epoch in self._measured})
        known, cold = self.lists.has_history, ~self.lists.has_history
        epoch, strength, gains = self._best(known, epochs)
        cold_epoch, cold_strength, cold_gains = self._best(cold, [epoch] if strength else epochs)
        num_windows = len(np.unique(self.lists.window))
        return Choice(
            epoch if strength else cold_epoch, (strength, cold_strength), (gains, cold_gains), num_windows
        )

    def table(self) -> list[dict[str, Any]]:
        """What was measured, for JSON: a row for users with or without history, a strength and an epoch."""
        rows = []
        for history, queries in ((True, self.lists.has_history), (False, ~self.lists.has_history)):
            if queries.sum() >= _MIN_QUERIES:
                rows += [
                    {"history": history, "strength": strength, "epoch": epoch, **asdict(gains)}
                    for (strength, epoch), gains in self._gains(queries, None).items()
                ]
        return rows

    def _best(self, queries: np.ndarray, epochs: Sequence[int]) -> tuple[int, float, Gains]:
        """Epoch, strength and gains for some queries."""
        if queries.sum() < _MIN_QUERIES:
            return epochs[0], 0.0, Gains()
        sure = {
            key: gains
            for key, gains in self._gains(queries, epochs).items()
            if gains.both.is_sure and gains.everything.mean >= 0 and not gains.new.may_be_a_loss
        }
        if not sure:
            return epochs[0], 0.0, Gains()
        strength, epoch = max(sorted(sure), key=lambda key: sure[key].both.mean)
        return epoch, strength, sure[strength, epoch]

    def _gains(self, queries: np.ndarray, epochs: Sequence[int] | None) -> dict[tuple[float, int], Gains]:
        """Gains of some queries at every strength above 0, in some epochs or all."""
        window = self.lists.window[queries]
        weight = self.lists.share_of_new(queries)
        base = next(values for (strength, _), values in self._measured.items() if strength == 0.0)[queries]
        scale = _scale(base, window)
        return {
            key: _gains((self._around(*key)[queries] - base) / scale, window, weight)
            for key in self._measured
            if key[0] > 0 and (epochs is None or key[1] in epochs)
        }

    def _around(self, strength: float, epoch: int) -> np.ndarray:
        """Utilities `[queries, 2]`, in the mean of an epoch and of the ones before and after it."""
        near = [self._measured.get((strength, epoch + step)) for step in (-1, 0, 1)]
        mean: np.ndarray = np.mean([values for values in near if values is not None], axis=0)
        return mean


def _gains(relative: np.ndarray, window: np.ndarray, weight: float) -> Gains:
    """Gains of relative differences `[queries, 2]`, of which NaN is not known."""
    known = np.isfinite(relative)
    # A query that is not asked for what is new leaves the mean of that to the others.
    counts = np.maximum(known.sum(axis=0), 1)
    both = (np.where(known, relative, 0.0) * len(relative) / counts) @ np.array([1.0, weight]) / (1 + weight)
    everything, new, of_both = (
        Gain(*mean_and_error(values, window)) for values in (relative[:, 0], relative[:, 1], both)
    )
    return Gains(everything, new, of_both)


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
    write_json(content, f"{directory}/{names.RANKING_EVIDENCE}")
