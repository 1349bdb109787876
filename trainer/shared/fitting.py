"""Fits a model for a number of epochs, keeps the best one, and tells how it goes."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import tensorflow as tf
from absl import logging

from schema.errors import PipelineRefusedError
from schema.tensors.in_graph import in_graph
from trainer.shared.assets import write_json
from trainer.shared.distribution import SpreadBatches

_CURVE = "assets.extra/training.json"
_LEAST_STEPS = 100


@dataclass(frozen=True)
class Epoch:
    """One row of the training curve."""

    epoch: int
    loss: float
    metric: float
    seconds: float


def fit_best(
    model: Any,
    batches: tf.data.Dataset | SpreadBatches,
    num_epochs: int,
    evaluate: Callable[[], float],
    patience: int = 2,
    before_epoch: Callable[[], None] | None = None,
    until: int | None = None,
) -> list[Epoch]:
    """Fits with Keras until the metric has not risen for `patience` epochs, then restores the best weights.

    The learning rate falls from epoch to epoch along a half cosine (Loshchilov and Hutter 2017).

    Args:
        model: A compiled Keras model.
        batches: Training batches of one epoch.
        num_epochs: Most epochs, over which the learning rate falls.
        evaluate: Returns the metric on the eval split; higher is better.
        patience: Epochs without a new best before stopping.
        before_epoch: Called before each epoch.
        until: Stops after so many epochs; `num_epochs` if None.

    Returns:
        The training curve.

    Raises:
        PipelineRefusedError: The metric was no number in any epoch.
    """
    curve: list[Epoch] = []
    best: list[Any] | None = None
    best_metric = float("-inf")
    full_rate = float(model.optimizer.learning_rate.numpy())
    start = time.monotonic()
    for epoch, loss in _epochs(model, batches, num_epochs, until or num_epochs, before_epoch):
        metric = evaluate()
        curve.append(Epoch(epoch, loss, metric, time.monotonic() - start))
        start = time.monotonic()
        logging.info("Epoch %d of %d: loss %.4f, metric %.4f", epoch, num_epochs, loss, metric)
        if metric > best_metric:
            best_metric, best = metric, [variable.numpy() for variable in model.trainable_variables]
        if epoch - max(curve, key=lambda row: row.metric).epoch >= patience:
            break
    if best is None:
        raise PipelineRefusedError(
            "Training diverged: the metric on the eval split is no number in any epoch. Received: "
            f"learning_rate={full_rate}. Remedy: choose a lower `learning_rate`."
        )
    for variable, value in zip(model.trainable_variables, best, strict=True):
        variable.assign(value)
    return curve


def fit_epochs(
    model: Any,
    batches: tf.data.Dataset | SpreadBatches,
    num_epochs: int,
    measure: Callable[[int], float] | None,
    until: int | None = None,
) -> list[Epoch]:
    """Fits for a number of epochs along the learning rates of `fit_best`, without stopping early.

    What is measured after an epoch, and what the model has in the end, is the mean of the weights over the
    steps of the epoch (`MeanWeights`).

    Args:
        model: A compiled Keras model.
        batches: Training batches of one epoch.
        num_epochs: Epochs over which the learning rate falls.
        measure: Called after each epoch with its number, from 1; returns the metric of the curve.
        until: Epochs to fit; all if None.

    Returns:
        The training curve; empty without `measure`.
    """
    curve: list[Epoch] = []
    mean = MeanWeights()
    start = time.monotonic()
    for epoch, loss in _epochs(model, batches, num_epochs, until or num_epochs, None, [mean]):
        logging.info("Epoch %d of %d: loss %.4f", epoch, num_epochs, loss)
        if measure is not None:
            last = mean.swap()
            curve.append(Epoch(epoch, loss, measure(epoch), time.monotonic() - start))
            mean.restore(last)
        start = time.monotonic()
    mean.swap()
    return curve


def begin_anew(model: Any, values: Sequence[np.ndarray]) -> None:
    """Gives the trainable variables of a model the values of a start, and its optimizer no memory."""
    for variable, value in zip(model.trainable_variables, values, strict=True):
        variable.assign(value)
    for variable in model.optimizer.variables:
        variable.assign(tf.zeros_like(variable))


def suitable_batch_size(num_rows: int, most: int, least: int) -> int:
    """The batch size that gives some hundred steps an epoch on little data: at most `most`."""
    return min(most, max(least, num_rows // _LEAST_STEPS))


def fit_again(
    model: Any,
    batches: tf.data.Dataset | SpreadBatches,
    num_epochs: int,
    best_epoch: int,
    before_epoch: Callable[[], None] | None = None,
) -> None:
    """Fits as `fit_best` did up to its best epoch, on other batches and without looking at a metric.

    Args:
        model: A compiled Keras model, not fitted yet.
        batches: Training batches of one epoch.
        num_epochs: Most epochs that `fit_best` was given: the learning rate falls as it did there.
        best_epoch: Epochs to fit.
        before_epoch: Called before each epoch.
    """
    for epoch, loss in _epochs(model, batches, num_epochs, best_epoch, before_epoch):
        logging.info("Epoch %d of %d: loss %.4f", epoch, best_epoch, loss)


def _epochs(
    model: Any,
    batches: tf.data.Dataset | SpreadBatches,
    num_epochs: int,
    until: int,
    before_epoch: Callable[[], None] | None,
    callbacks: Sequence[tf.keras.callbacks.Callback] = (),
) -> Iterator[tuple[int, float]]:
    """Fits epoch by epoch; yields the number of each, from 1, and its loss.

    The learning rate falls over `num_epochs`; in the end the model has the full one again.
    """
    full_rate = float(model.optimizer.learning_rate.numpy())
    settings: dict[str, Any] = {"epochs": 1, "verbose": 0, "callbacks": list(callbacks)}
    data: Any = batches
    if isinstance(batches, SpreadBatches):
        model.distribute_reduction_method = "first"  # the curve shows the loss of a replica, not their sum
        data, settings["steps_per_epoch"] = batches.dataset, batches.steps
    try:
        for epoch in range(1, until + 1):
            model.optimizer.learning_rate = learning_rate(full_rate, epoch, num_epochs)
            if before_epoch is not None:
                before_epoch()
            yield epoch, float(model.fit(data, **settings).history["loss"][0])
    finally:
        model.optimizer.learning_rate = full_rate


def learning_rate(full_rate: float, epoch: int, num_epochs: int) -> float:
    """The rate of an epoch, counted from 1, along a half cosine."""
    return full_rate * (1 + math.cos(math.pi * (epoch - 1) / num_epochs)) / 2


def read_best_epoch(directory: str) -> int:
    """Returns the epoch that `write_curve` recorded as the best."""
    with tf.io.gfile.GFile(f"{directory}/{_CURVE}") as file:
        epochs = json.loads(file.read())["epochs"]
    return int(max(epochs, key=lambda row: row["metric"])["epoch"])


def write_curve(curve: list[Epoch], metric: str, directory: str) -> None:
    """Writes the training curve beside the model, as `training.json`."""
    write_json({"metric": metric, "epochs": [asdict(row) for row in curve]}, f"{directory}/{_CURVE}")


class MeanWeights(tf.keras.callbacks.Callback):
    """Follows the trainable weights through an epoch, and puts their mean in their place.

    Single steps on little data scatter about the mean, which lies nearer to the optimum than the last step
    (Polyak and Juditsky 1992; Izmailov et al. 2018).
    """

    def __init__(self) -> None:
        super().__init__()
        self._means: list[Any] = []
        self._count = tf.Variable(0.0, trainable=False)

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        """Begins anew."""
        del epoch, logs
        if not self._means:
            self._means = [
                tf.Variable(tf.zeros_like(variable), trainable=False)
                for variable in self.model.trainable_variables
            ]
        self._count.assign(0.0)

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        """Counts the weights after a step in."""
        del batch, logs
        self._count_in()

    @in_graph
    def _count_in(self) -> None:
        self._count.assign_add(1.0)
        for mean, variable in zip(self._means, self.model.trainable_variables, strict=True):
            mean.assign_add((variable - mean) / self._count)

    def swap(self) -> list[np.ndarray]:
        """Puts the means in the place of the weights, and returns these."""
        weights = [variable.numpy() for variable in self.model.trainable_variables]
        self.restore([mean.numpy() for mean in self._means])
        return weights

    def restore(self, weights: list[np.ndarray]) -> None:
        """Gives the model weights that `swap` returned."""
        for variable, value in zip(self.model.trainable_variables, weights, strict=True):
            variable.assign(value)
