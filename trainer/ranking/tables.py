"""The ranker as plain arrays, for whoever computes it without TensorFlow."""

from __future__ import annotations

import io
import json
from typing import Any, Final

import numpy as np
import tensorflow as tf

from schema import names
from schema.served.candidate_features import CANDIDATE_FEATURES
from trainer.ranking.classics import CLASSICS
from trainer.ranking.model import RankingModel
from trainer.ranking.rankers.base import DeepLayers
from trainer.ranking.rankers.dcn import CrossRanker
from trainer.ranking.rankers.mlp import DeepRanker

DESCRIPTION: Final = "description"
"""Key of what the arrays are, as JSON."""

Arrays = dict[str, np.ndarray]


def write_ranker_tables(model: RankingModel, directory: str) -> None:
    """Writes `RANKER_TABLES` beside an exported ranker, of the very objects that it computes with.

    Args:
        model: The fitted ranker; of architectures with tables of their own the network is left out.
        directory: Of the export.
    """
    path = f"{directory}/{names.RANKER_TABLES}"
    tf.io.gfile.makedirs(path.rpartition("/")[0])
    content = io.BytesIO()
    np.savez(content, **ranker_tables(model))
    with tf.io.gfile.GFile(path, "wb") as file:
        file.write(content.getvalue())


def ranker_tables(model: RankingModel) -> Arrays:
    """Name -> array; the meaning of each stands in `docs/adr/0036-kernel-beside-the-session.md`."""
    affinity, network = model.affinity, _network(model)
    numbers = [values.numpy() for values in affinity.numbers.values()]
    num_products = int(affinity.groupings.shape[0])
    members = {f"members{number}": of.members.numpy() for number, of in enumerate(affinity.sets.values())}
    description: dict[str, Any] = {
        "network": [name for name, kind in _NETWORKS.items() if isinstance(model.ranker, kind)],
        "candidate_features": list(CANDIDATE_FEATURES),
        "classics": list(CLASSICS),
        "anchor": {
            "name": model.anchor.name,
            "horizon": model.anchor.horizon,
            "half_life": model.anchor.half_life,
        },
        "window_days": affinity.window_days,
        "half_lives": list(affinity.half_lives),
        "has_other_types": affinity.has_other_types,
        "num_categories": affinity.num_categories,
        "sets": list(affinity.sets),
    }
    return (
        network
        | members
        | {
            DESCRIPTION: np.array(json.dumps(description)),
            "groupings": affinity.groupings.numpy().astype(np.int32),
            "numbers": np.array(numbers, np.int32).reshape(len(numbers), num_products),
            "positive_types": affinity.positive_types.numpy()[1:],
            "mean": model.normalization.mean.numpy().reshape(-1),
            "variance": model.normalization.variance.numpy().reshape(-1),
            "strength": model.strength.numpy(),
            "anchor_weight": model.anchor_weight.numpy().reshape(1),
            "score": model.score.kernel.numpy().reshape(-1),
        }
    )


def _network(model: RankingModel) -> Arrays:
    ranker = model.ranker
    if isinstance(ranker, CrossRanker):
        layers = {f"cross{number}": layer for number, layer in enumerate(ranker.cross.dense)}
        return _dense(layers) | _deep(ranker.deep)
    return _deep(ranker.deep) if isinstance(ranker, DeepRanker) else {}


def _deep(layers: DeepLayers) -> Arrays:
    return _dense({f"deep{number}": layer for number, layer in enumerate(layers.layers)})


def _dense(layers: dict[str, Any]) -> Arrays:
    return {
        f"{name}_{part}": values.numpy()
        for name, layer in layers.items()
        for part, values in (("kernel", layer.kernel), ("bias", layer.bias))
    }


_NETWORKS: Final = {"dcn": CrossRanker, "mlp": DeepRanker}
