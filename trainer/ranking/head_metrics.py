"""What the further heads of the ranker have to predict, and how well they do it on the eval window."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import tensorflow as tf
from absl import logging

from schema import names
from schema.tensors.in_graph import in_graph
from trainer.ranking.heads import QUANTITY, RATING, TYPE_PREFIX, HeadTargets
from trainer.ranking.model import RankingModel
from trainer.shared.assets import write_json

HEADS_FILE = "assets.extra/heads.json"
_LABELS = {QUANTITY: names.LABEL_QUANTITY, RATING: names.LABEL_RATING}
_MIN_PROBABILITY = 1e-7

HeadMetrics = dict[str, dict[str, float]]


def find_head_targets(batches: tf.data.Dataset, event_types: Sequence[str]) -> HeadTargets:
    """Finds which labels the rows hold.

    Args:
        batches: Dense rows of candidates.
        event_types: Known event types.
    """
    found: dict[str, list[np.ndarray]] = {QUANTITY: [], RATING: []}
    happened = np.zeros(len(event_types), bool)
    for batch in batches:
        for name, values in found.items():
            labels = batch[_LABELS[name]].numpy()
            values.append(labels[np.isfinite(labels)])
        happened |= batch[names.LABEL_EVENTS].numpy().any(axis=(0, 1))
    quantity, rating = (np.concatenate([*found[name], np.empty(0)]) for name in (QUANTITY, RATING))
    return HeadTargets(
        event_types=tuple(event_types) if happened.any() else (),
        mean_quantity=float(quantity.mean()) if (quantity > 0).any() else None,
        mean_rating=float(rating.mean()) if len(rating) else None,
        rating_deviation=float(rating.std()) or 1.0 if len(rating) else 1.0,
    )


def measure_heads(model: RankingModel, batches: tf.data.Dataset) -> HeadMetrics:
    """Measures each head beside the best that a constant can do.

    Args:
        model: The fitted model.
        batches: Lists of the eval window.

    Returns:
        Head -> its metrics: `log_loss` and `constant_log_loss` of the probability of a target and of each
        event type; `rmse`, `mae` and the same of the training mean, `mean_rmse` and `mean_mae`, of
        quantity and rating, over the pairs where those are known.
    """
    predict = in_graph(model.__call__, reduce_retracing=True)
    predicted: dict[str, list[np.ndarray]] = {}
    labels: dict[str, list[np.ndarray]] = {}
    for batch in batches:
        outputs = predict(batch)
        for name in ("probabilities", *model.heads.outputs):
            predicted.setdefault(name, []).append(outputs[name].numpy().reshape(-1))
            labels.setdefault(name, []).append(_label(model, name, batch).reshape(-1))
    metrics: HeadMetrics = {}
    means = {QUANTITY: model.heads.targets.mean_quantity, RATING: model.heads.targets.mean_rating}
    for name, parts in predicted.items():
        values, truth = np.concatenate(parts), np.concatenate(labels[name])
        known = np.isfinite(truth)
        if not known.any():
            continue
        if name in means:
            metrics[name] = _errors(values[known], truth[known], float(means[name] or 0.0))
        else:
            metrics[name] = {
                "log_loss": _log_loss(values, truth),
                "constant_log_loss": _log_loss(np.full_like(truth, truth.mean()), truth),
            }
    return metrics


def write_head_metrics(metrics: HeadMetrics, directory: str) -> None:
    """Writes the metrics beside the model, as `heads.json`, and to the log."""
    for name, values in metrics.items():
        logging.info("Head %s: %s", name, ", ".join(f"{key} {value:.4f}" for key, value in values.items()))
    write_json(metrics, f"{directory}/{HEADS_FILE}")


def _label(model: RankingModel, name: str, batch: dict[str, Any]) -> np.ndarray:
    if name in _LABELS:
        label: np.ndarray = batch[_LABELS[name]].numpy()
    elif name.startswith(TYPE_PREFIX):
        label = batch[names.LABEL_EVENTS].numpy()[..., model.heads.types.index(name)]
    else:
        label = (batch[names.LABEL].numpy() > 0).astype(np.float32)
    return label


def _errors(values: np.ndarray, truth: np.ndarray, mean: float) -> dict[str, float]:
    return {
        "rmse": float(np.sqrt(np.mean((values - truth) ** 2))),
        "mae": float(np.mean(np.abs(values - truth))),
        "mean_rmse": float(np.sqrt(np.mean((mean - truth) ** 2))),
        "mean_mae": float(np.mean(np.abs(mean - truth))),
    }


def _log_loss(values: np.ndarray, truth: np.ndarray) -> float:
    chance = np.clip(values.astype(np.float64), _MIN_PROBABILITY, 1.0 - _MIN_PROBABILITY)
    return float(-np.mean(truth * np.log(chance) + (1.0 - truth) * np.log(1.0 - chance)))
