"""Trained weights by their paths within a model: written beside it, and given to a new model.

The checkpoint of a SavedModel has them too, but numbers the variables of a layer: a feature column more
would give a weight the name of another one.
"""

from __future__ import annotations

import io
from collections import deque
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from trainer.shared.tables import Tables, Vocabularies

Weights = dict[str, np.ndarray]


class UnfitWeightsError(Exception):
    """Trained weights are not those of such a model; the message says why, for the summary of a run."""


def paths_of(model: Any) -> dict[str, tf.Variable]:
    """Path by the names of attributes -> trainable variable, the shortest path of each."""
    view, found = tf.train.TrackableView(model), {}
    trainable = {id(variable) for variable in model.trainable_variables}
    seen, waiting = {id(model)}, deque([("", model)])
    while waiting:
        path, item = waiting.popleft()
        if id(item) in trainable:
            found[path] = item
        for name, child in view.children(item).items():
            if id(child) not in seen:
                seen.add(id(child))
                waiting.append((f"{path}/{name}".removeprefix("/"), child))
    return found


def weights_of(model: Any) -> Weights:
    """The trainable weights of a built model as they are now."""
    return {path: variable.numpy() for path, variable in paths_of(model).items()}


def values_of(model: Any) -> list[np.ndarray]:
    """Those of the trainable variables, in their order."""
    return [variable.numpy() for variable in model.trainable_variables]


def read_weights(path: str) -> Weights:
    """Reads weights that `write_arrays` wrote.

    Raises:
        UnfitWeightsError: The file is not there.
    """
    if not tf.io.gfile.exists(path):
        raise UnfitWeightsError(f"{Path(path).name} is not beside the model")
    with tf.io.gfile.GFile(path, "rb") as file, np.load(io.BytesIO(file.read())) as content:
        return dict(content)


def carried_over(
    trained: Weights, model: Any, tables: Tables, vocabularies: Vocabularies
) -> list[np.ndarray]:
    """Values for the trainable variables of a built model, in their order.

    Args:
        trained: Weights of such a model, of other vocabularies.
        model: As it begins without them.
        tables: Which variables are tables, and what their rows stand for.
        vocabularies: Both.

    Raises:
        UnfitWeightsError: A weight is missing, or is of another shape.
    """
    values: dict[int, np.ndarray] = {}
    for path, variable in paths_of(model).items():
        if path not in trained:
            raise UnfitWeightsError(f"they have no `{path}`: another architecture, or other columns")
        value, rows = trained[path], tables.get(path)
        if rows is not None and value.shape[1:] == variable.shape[1:]:
            value = vocabularies.carry(rows, value, variable.numpy())
        if value.shape != tuple(variable.shape):
            raise UnfitWeightsError(
                f"`{path}` has the shape {list(value.shape)} and would have to have {list(variable.shape)}"
            )
        values[id(variable)] = value
    return [values[id(variable)] for variable in model.trainable_variables]
