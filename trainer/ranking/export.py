"""Exports the ranker: `rank`, `explain`, `serving_default` for TFMA, and its tables as plain arrays."""

from __future__ import annotations

import json
from typing import Any, Final

import numpy as np
import tensorflow as tf

from schema import names
from schema.features import FeatureSet
from schema.served.candidate_features import CANDIDATE_FEATURES
from schema.served.score_parts import (
    ANCHOR_CONTRIBUTION,
    CONTRIBUTIONS,
    MEAN_SCORE,
    POSITION,
    SCORE_OF_IT,
)
from schema.tensors.in_graph import in_graph
from schema.tensors.transformed import candidate_spec, dense_candidates
from trainer.ranking.classics import CLASSICS
from trainer.ranking.model import RankingModel
from trainer.ranking.rankers.base import DeepLayers
from trainer.ranking.rankers.dcn import CrossRanker
from trainer.ranking.rankers.mlp import DeepRanker
from trainer.ranking.score_parts import ScoreParts
from trainer.shared.assets import DESCRIPTION, Arrays, write_arrays

Tensors = dict[str, Any]

OUTPUTS = ("scores", "probabilities", "times_bought", "days_since_last", "interval_days")
PARTS = (CONTRIBUTIONS, ANCHOR_CONTRIBUTION, SCORE_OF_IT, MEAN_SCORE)
_NOT_INPUTS = (
    names.LABEL,
    names.NUM_TARGETS,
    names.LABEL_EVENTS,
    names.LABEL_QUANTITY,
    names.LABEL_RATING,
)


class RankingModule(tf.Module):
    """The exported ranking model."""

    def __init__(self, model: RankingModel, features: FeatureSet) -> None:
        super().__init__()
        self.model = model
        self.score_parts = ScoreParts(model)
        self._features = features

    def rank(self, **inputs: tf.Tensor) -> Tensors:
        """Dense rows of candidates to `OUTPUTS` and what the heads predict, each `[batch, candidates]`."""
        return self._told(self.model(inputs))

    def explain(self, **inputs: tf.Tensor) -> Tensors:
        """What `rank` tells, and the parts of the score of the candidate at `position` (`ScoreParts`)."""
        outputs = self.score_parts(inputs)
        return self._told(outputs) | {name: outputs[name] for name in PARTS}

    def score_examples(self, examples: tf.Tensor) -> Tensors:
        """Serialised rows of the CandidateGenerator to scores and probabilities `[batch, candidates]`."""
        rows = tf.io.parse_example(examples, candidate_spec(self._features))
        dense = dense_candidates(rows, self._features)
        outputs = self.model({name: value for name, value in dense.items() if name not in _NOT_INPUTS})
        return {"probabilities": outputs["probabilities"], "scores": outputs["scores"]}

    def _told(self, outputs: Tensors) -> Tensors:
        return {name: outputs[name] for name in (*OUTPUTS, *self.model.heads.outputs)}


def export_ranking(model: RankingModel, features: FeatureSet, directory: str, example: Tensors) -> None:
    """Writes the SavedModel and `RANKER_TABLES`; `example`, a batch of dense rows, fixes names and types."""
    module = RankingModule(model, features)
    signature = {name: _spec(name, value) for name, value in example.items() if name not in _NOT_INPUTS}
    tf.saved_model.save(
        module,
        directory,
        signatures={
            "serving_default": in_graph(module.score_examples).get_concrete_function(
                tf.TensorSpec([None], tf.string, "examples")
            ),
            names.RANK: in_graph(module.rank).get_concrete_function(**signature),
            names.EXPLAIN: in_graph(module.explain).get_concrete_function(
                **signature, position=tf.TensorSpec([None], tf.int32, POSITION)
            ),
        },
    )
    write_arrays(ranker_tables(model), f"{directory}/{names.RANKER_TABLES}")


def _spec(name: str, value: tf.Tensor) -> tf.TensorSpec:
    """Batch, time, words and candidates are of any length; the last axis of vectors is fixed."""
    free = 2 if name in (names.CANDIDATE_FEATURES, names.HISTORY_AGE) or value.dtype.is_integer else 1
    return tf.TensorSpec([None] * min(free, value.shape.rank) + list(value.shape[free:]), value.dtype, name)


def ranker_tables(model: RankingModel) -> Arrays:
    """The very objects that the ranker computes with, name -> array.

    Of architectures with tables of their own the network is left out. The meaning of each stands in
    `docs/adr/0036-kernel-beside-the-session.md`.
    """
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
