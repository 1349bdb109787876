"""The query tower as plain arrays, for whoever computes it without TensorFlow."""

from __future__ import annotations

import io
import json
from typing import Any, Final

import numpy as np
import tensorflow as tf

from schema import names
from trainer.retrieval.encoders.mean import MeanHistoryEncoder
from trainer.retrieval.towers import QueryTower

DESCRIPTION: Final = "description"
"""Key of what the arrays are, as JSON."""

Arrays = dict[str, np.ndarray]


def write_tower_tables(tower: QueryTower, representations: tf.Variable, directory: str) -> None:
    """Writes `TOWER_TABLES` beside exported towers, of the very objects that they compute with.

    Args:
        tower: The fitted query tower; nothing is written of one whose history is read in another way than
            by means, which takes more than tables.
        representations: Of products in a history `[products, dim]`.
        directory: Of the export.
    """
    if not isinstance(tower.encoder, MeanHistoryEncoder) or tower.projections:
        return
    path = f"{directory}/{names.TOWER_TABLES}"
    tf.io.gfile.makedirs(path.rpartition("/")[0])
    content = io.BytesIO()
    np.savez(content, **_tables(tower, tower.encoder, representations))
    with tf.io.gfile.GFile(path, "wb") as file:
        file.write(content.getvalue())


def _tables(tower: QueryTower, encoder: MeanHistoryEncoder, representations: tf.Variable) -> Arrays:
    columns = list(tower.feature_embeddings)
    description: dict[str, Any] = {
        "half_lives": list(encoder.half_lives),
        "columns": {name: tower.columns[name].kind.value for name in columns},
    }
    found = {
        DESCRIPTION: np.array(json.dumps(description)),
        "representations": representations.numpy(),
        "type_weight": encoder.type_weight.numpy(),
        "hidden_kernel": tower.hidden.kernel.numpy(),
        "hidden_bias": tower.hidden.bias.numpy(),
        "output_kernel": tower.output_layer.kernel.numpy(),
        "output_bias": tower.output_layer.bias.numpy(),
        "skip_kernel": tower.skip.kernel.numpy(),
    }
    if tower.users is not None:
        found["users"] = tower.users.embeddings.numpy()
    return found | {
        f"column{number}": tower.feature_embeddings[name].embeddings.numpy()
        for number, name in enumerate(columns)
    }
