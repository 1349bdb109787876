"""Further heads of the ranker: each event type, the quantity, and a rating from implicit signals."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import tensorflow as tf

from schema import names
from trainer.ranking.rankers.base import glorot

Tensors = dict[str, Any]

TYPE_PREFIX = "probability_"
QUANTITY = "expected_quantity"
RATING = "expected_rating"
_HIDDEN_UNITS = 32
_MAX_LOG_QUANTITY = 10.0


@dataclass(frozen=True)
class HeadTargets:
    """What there is to predict.

    Attributes:
        event_types: Known event types; a head for each if there are several.
        mean_quantity: Of the pairs with a known quantity; None if there are none.
        mean_rating: Of the pairs with a known rating; None if there are none.
        rating_deviation: Standard deviation of those ratings.
    """

    event_types: tuple[str, ...] = ()
    mean_quantity: float | None = None
    mean_rating: float | None = None
    rating_deviation: float = 1.0


class RankingHeads(tf.keras.layers.Layer):
    """Reads the network of the order; by default without shaping it.

    The probability of each event type is learned by cross-entropy. The quantity, given that the product is
    bought, by the Poisson deviance, whose minimum is the conditional mean (Gourieroux, Monfort and Trognon,
    Econometrica 1984); the rating, given that the product is rated, by squared error.

    Args:
        targets: What to predict.
        weight: Share of the heads' gradient that goes on into the network.
        seed: Seed of the initialisers.
    """

    def __init__(self, targets: HeadTargets, weight: float, seed: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.targets = targets
        self.weight = weight
        types = targets.event_types if len(targets.event_types) > 1 else ()
        self.types = tuple(TYPE_PREFIX + name for name in types)
        numbers = {QUANTITY: targets.mean_quantity, RATING: targets.mean_rating}
        self.numbers = tuple(name for name, mean in numbers.items() if mean is not None)
        self.shared = tf.keras.layers.Dense(_HIDDEN_UNITS, "relu", kernel_initializer=glorot(seed))
        self.last = tf.keras.layers.Dense(max(len(self.outputs), 1), kernel_initializer="zeros")

    @property
    def outputs(self) -> tuple[str, ...]:
        """Names of what is predicted."""
        return self.types + self.numbers

    @property
    def labels(self) -> tuple[str, ...]:
        """Names of the labels that the loss reads."""
        own = {QUANTITY: names.LABEL_QUANTITY, RATING: names.LABEL_RATING}
        types = (names.LABEL_EVENTS,) if self.types else ()
        return types + tuple(own[name] for name in self.numbers)

    def call(self, hidden: tf.Tensor, pair_features: tf.Tensor) -> Tensors:
        """Predicts.

        Args:
            hidden: What the order is read from `[batch, candidates, units]`.
            pair_features: Of each pair `[batch, candidates, features]`.

        Returns:
            `outputs`, each `[batch, candidates]`, and `type_logits [batch, candidates, event types]`.
        """
        if not self.outputs:
            return {}
        read = self.weight * hidden + (1.0 - self.weight) * tf.stop_gradient(hidden)
        raw = self.last(self.shared(tf.concat([read, pair_features], axis=-1)))
        predicted: Tensors = {"type_logits": raw[..., : len(self.types)]}
        for column, name in enumerate(self.outputs):
            predicted[name] = self._value(name, raw[..., column])
        return predicted

    def loss(self, predicted: Tensors, data: Tensors) -> tf.Tensor:
        """Sum of the heads' mean losses."""
        total = tf.constant(0.0)
        if self.types:
            losses = tf.nn.sigmoid_cross_entropy_with_logits(
                data[names.LABEL_EVENTS], predicted["type_logits"]
            )
            total += tf.reduce_mean(losses)
        if QUANTITY in self.numbers:
            quantity, known = _known(data[names.LABEL_QUANTITY])
            mean = predicted[QUANTITY]
            total += _mean_of(mean - tf.maximum(quantity, 0.0) * tf.math.log(mean), known)
        if RATING in self.numbers:
            rating, known = _known(data[names.LABEL_RATING])
            total += _mean_of(tf.square((predicted[RATING] - rating) / self.targets.rating_deviation), known)
        return total

    def _value(self, name: str, raw: tf.Tensor) -> tf.Tensor:
        if name == QUANTITY:
            mean = float(self.targets.mean_quantity or 1.0)
            return mean * tf.exp(tf.clip_by_value(raw, -_MAX_LOG_QUANTITY, _MAX_LOG_QUANTITY))
        if name == RATING:
            return float(self.targets.mean_rating or 0.0) + self.targets.rating_deviation * raw
        return tf.sigmoid(raw)


def _known(labels: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Labels with 0 for NaN, which would reach the gradient even where the loss is masked; the mask."""
    known = tf.math.is_finite(labels)
    return tf.where(known, labels, 0.0), tf.cast(known, tf.float32)


def _mean_of(losses: tf.Tensor, known: tf.Tensor) -> tf.Tensor:
    return tf.math.divide_no_nan(tf.reduce_sum(known * losses), tf.reduce_sum(known))
