"""Fits the ranker twice: on the older windows, to see what later ones speak for, and then on all of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import numpy as np
import tensorflow as tf
from absl import logging

from schema import names
from trainer.ranking.data import BOUGHT, HAS_HISTORY
from trainer.ranking.evidence import Choice, Evidence, ValidationLists
from trainer.ranking.lists import select_lists, training_batches, whole_lists
from trainer.ranking.model import RankingModel
from trainer.settings import RankingSettings
from trainer.shared.distribution import Workers
from trainer.shared.fitting import Epoch, fit_epochs

NUM_LATER_WINDOWS: Final = 2
"""Training windows that are held back, beside the eval window, to see what the correction is worth."""
_SAMPLED_CANDIDATES: Final = 200
_ROWS_AT_ONCE: Final = 64

Tensors = dict[str, Any]


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
) -> tuple[Choice, list[dict[str, Any]], list[Epoch]]:
    """Forward chaining: fits on the older windows, asks the later ones, and fits anew on all.

    Args:
        model: An adapted and compiled model, not fitted yet.
        lists: Training lists of all windows.
        validation: Whole lists of the later windows and of the eval window.
        later: Cutoffs of the later windows.
        batches: Makes training batches of lists.
        settings: Number of epochs.

    Returns:
        What was chosen, what was measured (`Evidence.table`), and the training curve of the first fit.
    """
    with model.distribute_strategy.scope():  # where its variables have to be made
        score_parts(model, select_lists(validation, np.arange(len(validation[names.LABEL])) < 1))
    start = [variable.numpy() for variable in model.trainable_variables]
    older = ~np.isin(lists[names.QUERY_TIME].numpy(), later)
    evidence = Evidence(validation_lists(validation))

    def measure(epoch: int) -> float:
        return evidence.add(epoch, *score_parts(model, validation))

    curve = fit_epochs(model, batches(select_lists(lists, older)), settings.num_epochs, measure)
    choice = evidence.choose()
    logging.info("Windows after the first fit: %s", choice)
    for variable, value in zip(model.trainable_variables, start, strict=True):
        variable.assign(value)
    for variable in model.optimizer.variables:
        variable.assign(tf.zeros_like(variable))
    fit_epochs(model, batches(lists), settings.num_epochs, None, choice.epoch)
    model.strength.assign(choice.strength)
    return choice, evidence.table(), curve


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


def score_parts(model: RankingModel, lists: Tensors) -> tuple[np.ndarray, np.ndarray]:
    """The anchor's part of the scores and the correction at full strength, `[lists, candidates]` each."""
    parts = tf.function(
        lambda batch: [model(batch)[name] for name in ("anchored", "correction")], reduce_retracing=True
    )
    found = [[value.numpy() for value in parts(batch)] for batch in whole_lists(lists, _ROWS_AT_ONCE)]
    anchored, correction = (np.concatenate(columns) for columns in zip(*found, strict=True))
    return anchored, correction


def make_batches(workers: Workers, batch_size: int, seed: int) -> Callable[[Tensors], Any]:
    """Returns what makes the training batches of lists, spread over the workers."""
    return lambda lists: workers.spread(training_batches(lists, batch_size, _SAMPLED_CANDIDATES, seed))
