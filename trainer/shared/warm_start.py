"""Whether a training begins from the weights of the last pushed version, and the rule that decides.

A warm start is given a third of the epochs. What a cold start would reach is expected from its first epoch:
the cold start is trained for that one, and its figure is raised by what the figures of the last cold start
rose after their first epoch. Both are measured on the same queries of the same window. The warm start is
kept where its best figure is at least what is expected; otherwise the training begins anew, cold, and if that
gets less far than the warm start did, once more warm.

Weights are a start only if nothing later was shown to them than this training itself is shown: otherwise the
windows that judge the model would have been part of its training (ADR 34).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, Self, TypeVar

import numpy as np
import tensorflow as tf
import tensorflow_transform as tft
from absl import logging

from schema import names
from schema.settings import Settings
from trainer.shared.assets import write_json
from trainer.shared.fitting import Epoch
from trainer.shared.tables import Vocabularies
from trainer.shared.weights import UnfitWeightsError

SHARE_OF_EPOCHS: Final = 3
"""A warm start has one epoch of so many of a cold one."""
_CONFIGURED: Final = "warm_start"


class Start(Settings):
    """How a training began; beside the model as `start.json`."""

    asked: bool = False
    """Whether `warm_start` was set."""
    began_from: str | None = None
    """The pushed version whose weights it began from; None for a cold start."""
    reason: str = ""
    """Why it began cold although it was asked to begin warm; empty otherwise."""
    fitted_until: int = 0
    """The weights know no target after this moment, epoch seconds."""
    num_epochs: int = 1
    """Epochs over which the learning rate fell."""
    metric: float | None = None
    """Best figure of the warm start, where one was tried."""
    expected: float | None = None
    """What was expected of a cold start then."""
    growth: float = 1.0
    """Best figure of the last cold start over that of its first epoch."""
    new_products: int = 0
    """Products that the version had not known."""
    products: int = 0
    """Products of the vocabulary."""

    def refused(self, version: str, error: Exception) -> Self:
        """The same of a training that cannot begin from a version."""
        return self.model_copy(update={"reason": f"the weights of version {version} do not fit: {error}"})

    @property
    def is_warm(self) -> bool:
        """Whether trained weights were the start."""
        return self.began_from is not None


class PushedVersion(Settings):
    """The version to begin from, as a trainer is told of it."""

    version: str
    retrieval_model: str
    """SavedModel of its towers, as they were evaluated."""
    transform_graph: str
    """Folder of the transform graph that its weights were made with."""

    @classmethod
    def of(cls, custom_config: dict[str, Any]) -> PushedVersion | None:
        """Reads the configuration of a trainer; None if it is to begin cold."""
        given = custom_config.get(_CONFIGURED)
        return None if given is None else cls.model_validate(given)

    def vocabularies(self, now: Any) -> Vocabularies:
        """Its vocabularies and those of a `tft.TFTransformOutput`."""
        return Vocabularies(tft.TFTransformOutput(self.transform_graph), now)


AnyStart = TypeVar("AnyStart", bound=Start)
Fit = Callable[[list[np.ndarray] | None, int, int], list[Epoch]]


@dataclass(frozen=True)
class Training:
    """What the rule needs of a training.

    Attributes:
        fit: Fits from values of the trainable variables (None: as they are), with a number of epochs over
            which the learning rate falls and a number after which to stop; returns the training curve.
        cold: Values of a cold start; None if the model has them, and nothing has been fitted yet.
        num_epochs: Epochs of a cold start.
    """

    fit: Fit
    cold: list[np.ndarray] | None
    num_epochs: int


def warm_epochs(num_epochs: int) -> int:
    """Epochs of a warm start: at most a third, at least one."""
    return max(num_epochs // SHARE_OF_EPOCHS, 1)


def fit_cold(training: Training, start: AnyStart) -> tuple[AnyStart, list[Epoch]]:
    """Fits without trained weights; returns how it began, and the curve."""
    curve = training.fit(training.cold, training.num_epochs, training.num_epochs)
    cold = {"began_from": None, "num_epochs": training.num_epochs, "growth": growth_of(curve)}
    return start.model_copy(update=cold), curve


def fit_by_rule(training: Training, warm: list[np.ndarray], start: AnyStart) -> tuple[AnyStart, list[Epoch]]:
    """Fits from trained weights, and keeps that if it is at least as good as what a cold start promises.

    Args:
        training: The training.
        warm: Values of the trainable variables.
        start: With `began_from`, and `growth` of the last cold start.

    Returns:
        How it began in the end, and its curve.
    """
    first = training.fit(training.cold, training.num_epochs, 1)[0].metric
    expected = first * start.growth
    count = warm_epochs(training.num_epochs)
    curve = training.fit(warm, count, count)
    best = max(row.metric for row in curve)
    expected_start = start.model_copy(update={"num_epochs": count, "metric": best, "expected": expected})
    logging.info("Warm start: %.4f after %d epochs; expected of a cold one: %.4f", best, count, expected)
    if best >= expected:
        return expected_start, curve
    reason = f"{best:.4f} after {_epochs(count)}, less than the {expected:.4f} expected of a cold start"
    cold, cold_curve = fit_cold(training, expected_start.model_copy(update={"reason": reason}))
    if max(row.metric for row in cold_curve) >= best:
        return cold, cold_curve
    # The cold start promised more than it gave; what is measured counts.
    kept = expected_start.model_copy(update={"growth": cold.growth})
    return kept, training.fit(warm, count, count)


def refuse_later(fitted_until: int, shown_until: int) -> None:
    """Refuses weights that know more of the future than the training that would begin from them.

    Args:
        fitted_until: The weights know no target after it, epoch seconds.
        shown_until: Likewise of the training.

    Raises:
        UnfitWeightsError: They do.
    """
    if fitted_until > shown_until:
        days = (fitted_until - shown_until) / names.SECONDS_PER_DAY
        raise UnfitWeightsError(
            f"they were fitted to {days:.1f} days of events after the end of this training, by which it is "
            "to be judged"
        )


def growth_of(curve: list[Epoch]) -> float:
    """Best figure of a curve over that of its first epoch."""
    first, best = curve[0].metric, max(row.metric for row in curve)
    return best / first if first > 0 else 1.0


def read_start(directory: str, kind: type[AnyStart]) -> AnyStart:
    """Reads how a model began.

    Args:
        directory: Of its SavedModel.
        kind: What is known of it.

    Raises:
        UnfitWeightsError: The model does not say.
    """
    path = f"{directory}/{names.START}"
    if not tf.io.gfile.exists(path):
        raise UnfitWeightsError("they do not say what they were fitted to: an older release made them")
    with tf.io.gfile.GFile(path) as file:
        return kind.from_json(file.read())


def write_start(start: Start, directory: str) -> None:
    """Writes how a model began beside it."""
    write_json(start.model_dump(), f"{directory}/{names.START}")


def _epochs(count: int) -> str:
    return "one epoch" if count == 1 else f"{count} epochs"
