"""Fits the ranker twice: on the older windows, to see what later ones speak for, and then on all of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any, Final

import numpy as np
from absl import logging

from schema import names
from schema.tensors.in_graph import in_graph
from trainer.ranking.data import BOUGHT, HAS_HISTORY
from trainer.ranking.evidence import Choice, Evidence, ValidationLists
from trainer.ranking.lists import select_lists, training_batches, whole_lists
from trainer.ranking.model import RankingModel
from trainer.ranking.starting import RankerStart, RankerWeights
from trainer.settings import RankingSettings
from trainer.shared.distribution import Workers
from trainer.shared.fitting import Epoch, begin_anew, fit_epochs
from trainer.shared.warm_start import Training, fit_by_rule, fit_cold
from trainer.shared.weights import Weights, values_of, weights_of

NUM_LATER_WINDOWS: Final = 2
"""Training windows that are held back, beside the eval window, to see what the correction is worth."""
_SAMPLED_CANDIDATES: Final = 200
_ROWS_AT_ONCE: Final = 64

Tensors = dict[str, Any]


@dataclass(frozen=True)
class Fitted:
    """What came of it.

    Attributes:
        start: How it began.
        choice: What the windows speak for.
        measured: `Evidence.table`.
        curve: Training curve of the first fit.
        first_weights: Weights at the end of the first fit.
    """

    start: RankerStart
    choice: Choice
    measured: list[dict[str, Any]]
    curve: list[Epoch]
    first_weights: Weights

    def evidence(self) -> dict[str, Any]:
        """Choice and measurements, for JSON."""
        return {"choice": asdict(self.choice), "measured": self.measured}


def later_windows(cutoffs: tuple[int, ...]) -> tuple[int, ...]:
    """The training windows that are held back at first; none where there are few."""
    return cutoffs[-min(NUM_LATER_WINDOWS, len(cutoffs) // 2) :] if len(cutoffs) > 1 else ()


def fit_by_evidence(
    model: RankingModel,
    lists: Tensors,
    validation: Tensors,
    later: tuple[int, ...],
    batches: Callable[[Tensors], Any],
    settings: RankingSettings,
    begin: Callable[[], tuple[RankerStart, RankerWeights | None]],
) -> Fitted:
    """Forward chaining: fits on the older windows, asks the later ones, and fits anew on all.

    Args:
        model: An adapted and compiled model, not fitted yet.
        lists: Training lists of all windows.
        validation: Whole lists of the later windows and of the eval window.
        later: Cutoffs of the later windows.
        batches: Makes training batches of lists.
        settings: Number of epochs.
        begin: Called when the model is built; returns how the training begins, and the weights of a pushed
            version to begin from, if there are any.
    """
    with model.distribute_strategy.scope():  # where its variables have to be made
        ScoreParts(model)(select_lists(validation, np.arange(len(validation[names.LABEL])) < 1))
    cold = values_of(model)
    older = ~np.isin(lists[names.QUERY_TIME].numpy(), later)
    first = _FirstFit(model, batches(select_lists(lists, older)), validation)
    training = Training(first.fit, cold, settings.num_epochs)
    start, pushed = begin()
    start, curve = fit_by_rule(training, pushed.first, start) if pushed else fit_cold(training, start)
    choice = first.evidence.choose()
    logging.info("Windows after the first fit: %s", choice)
    first_weights = weights_of(model)
    begin_anew(model, pushed.second if pushed and start.is_warm else cold)
    fit_epochs(model, batches(lists), start.num_epochs, None, choice.epoch)
    model.strength.assign(choice.strength)
    return Fitted(start, choice, first.evidence.table(), curve, first_weights)


class _FirstFit:
    """The fit on the older windows, which later ones judge; the evidence is that of the last attempt."""

    def __init__(self, model: RankingModel, batches: Any, validation: Tensors) -> None:
        self._model, self._batches, self._validation = model, batches, validation
        self._score_parts = ScoreParts(model)
        self._lists = validation_lists(validation)
        self.evidence = Evidence(self._lists)

    def fit(self, values: list[np.ndarray] | None, num_epochs: int, until: int) -> list[Epoch]:
        """Fits anew; see `Training.fit`."""
        begin_anew(self._model, values_of(self._model) if values is None else values)
        self.evidence = Evidence(self._lists)
        return fit_epochs(self._model, self._batches, num_epochs, self._measure, until)

    def _measure(self, epoch: int) -> float:
        return self.evidence.add(epoch, *self._score_parts(self._validation))


def validation_lists(lists: Tensors) -> ValidationLists:
    """The numbers that evidence needs of whole lists."""
    cutoffs = lists[names.QUERY_TIME].numpy()
    return ValidationLists(
        labels=lists[names.LABEL].numpy(),
        bought=lists[BOUGHT].numpy(),
        num_targets=lists[names.NUM_TARGETS].numpy(),
        window=np.unique(cutoffs, return_inverse=True)[1],
        has_history=lists[HAS_HISTORY].numpy(),
    )


class ScoreParts:
    """The anchor's part of the scores and the correction at full strength, traced once for all epochs."""

    def __init__(self, model: RankingModel) -> None:
        self._parts = in_graph(
            lambda batch: [model(batch)[name] for name in ("anchored", "correction")], reduce_retracing=True
        )

    def __call__(self, lists: Tensors) -> tuple[np.ndarray, np.ndarray]:
        """Both parts of the scores of lists, `[lists, candidates]` each."""
        found = [
            [value.numpy() for value in self._parts(batch)] for batch in whole_lists(lists, _ROWS_AT_ONCE)
        ]
        anchored, correction = (np.concatenate(columns) for columns in zip(*found, strict=True))
        return anchored, correction


def make_batches(workers: Workers, batch_size: int, seed: int) -> Callable[[Tensors], Any]:
    """Returns what makes the training batches of lists, spread over the workers."""
    return lambda lists: workers.spread(training_batches(lists, batch_size, _SAMPLED_CANDIDATES, seed))
