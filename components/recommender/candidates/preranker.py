"""The preranker: a small network that cuts a large pool of candidates to those worth ranking.

Sources order their own products only, and their scores cannot be compared; fixed quotas waste slots of
the union on sources that find little in this shop. The preranker is fitted to what was bought
(cascade ranking, Covington, Adams and Sargin, "Deep neural networks for YouTube recommendations",
RecSys 2016; Liu et al., "Cascade ranking for operational e-commerce search", KDD 2017).
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import tensorflow as tf

from schema.files import whole_file
from schema.tensors.centring import mean_of_list

FILE_NAME = "preranker.npz"
_MAX_DEVIATIONS = 6.0


@dataclass(frozen=True)
class PrerankerWeights:
    """A network with two hidden layers.

    Attributes:
        mean: Of each feature in training `[features]`.
        deviation: Standard deviation `[features]`.
        hidden_kernel: `[features, hidden]`.
        hidden_bias: `[hidden]`.
        middle_kernel: `[hidden, middle]`.
        middle_bias: `[middle]`.
        score_kernel: `[middle, 1]`.
    """

    mean: np.ndarray
    deviation: np.ndarray
    hidden_kernel: np.ndarray
    hidden_bias: np.ndarray
    middle_kernel: np.ndarray
    middle_bias: np.ndarray
    score_kernel: np.ndarray

    def save(self, directory: Path) -> None:
        """Writes `preranker.npz`."""
        with whole_file(directory / FILE_NAME) as temporary, temporary.open("wb") as file:
            np.savez(file, **asdict(self))


def load_preranker(directory: Path) -> PrerankerWeights | None:
    """Reads the weights of a Preranker artifact; None if there was nothing to learn from."""
    path = directory / FILE_NAME
    if not path.exists():
        return None
    with np.load(path) as arrays:
        return PrerankerWeights(**{name: arrays[name] for name in arrays.files})


class Preranker(tf.Module):
    """Scores the pool in the graph."""

    def __init__(self, weights: PrerankerWeights) -> None:
        super().__init__()
        self.weights = {name: tf.constant(value, tf.float32) for name, value in asdict(weights).items()}

    def __call__(self, features: tf.Tensor) -> tf.Tensor:
        """`[batch, pool, features]` to logits of being bought `[batch, pool]`."""
        return score_pool(features, self.weights)


def score_pool(features: tf.Tensor, weights: dict[str, tf.Tensor]) -> tf.Tensor:
    """The network itself: standardised features, two hidden layers, a score without bias."""
    standard = (features - weights["mean"]) / weights["deviation"]
    inputs = tf.clip_by_value(standard, -_MAX_DEVIATIONS, _MAX_DEVIATIONS)
    # In two dimensions a product, its bias and the relu are one operation.
    flat = tf.reshape(inputs, [-1, weights["hidden_kernel"].shape[0]])
    hidden = tf.nn.relu(tf.nn.bias_add(tf.matmul(flat, weights["hidden_kernel"]), weights["hidden_bias"]))
    middle = tf.nn.relu(tf.nn.bias_add(tf.matmul(hidden, weights["middle_kernel"]), weights["middle_bias"]))
    return tf.reshape(tf.matmul(middle, weights["score_kernel"]), tf.shape(features)[:-1])


def centred(features: tf.Tensor) -> tf.Tensor:
    """Features `[batch, products, features]` less their mean over the products.

    What all products of a query share says nothing of their order, but names the cutoff it was taken at.
    """
    return features - mean_of_list(features)
