"""Exports the ranker: `rank` on dense tensors for the assembler, `serving_default` on rows for TFMA."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from schema import names
from schema.features import FeatureSet
from schema.transformed import candidate_spec, dense_candidates
from trainer.ranking.model import RankingModel

Tensors = dict[str, Any]

OUTPUTS = ("scores", "probabilities", "times_bought", "days_since_last", "interval_days")
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
        self._features = features

    def rank(self, **inputs: tf.Tensor) -> Tensors:
        """Dense rows of candidates to `OUTPUTS` and what the heads predict, each `[batch, candidates]`."""
        outputs = self.model(inputs)
        return {name: outputs[name] for name in (*OUTPUTS, *self.model.heads.outputs)}

    def score_examples(self, examples: tf.Tensor) -> Tensors:
        """Serialised rows of the CandidateGenerator to scores and probabilities `[batch, candidates]`."""
        rows = tf.io.parse_example(examples, candidate_spec(self._features))
        dense = dense_candidates(rows, self._features)
        outputs = self.model({name: value for name, value in dense.items() if name not in _NOT_INPUTS})
        return {"probabilities": outputs["probabilities"], "scores": outputs["scores"]}


def export_ranking(model: RankingModel, features: FeatureSet, directory: str, example: Tensors) -> None:
    """Writes the SavedModel; `example`, a batch of dense rows, fixes names, types and ranks."""
    module = RankingModule(model, features)
    signature = {name: _spec(name, value) for name, value in example.items() if name not in _NOT_INPUTS}
    tf.saved_model.save(
        module,
        directory,
        signatures={
            "serving_default": tf.function(module.score_examples).get_concrete_function(
                tf.TensorSpec([None], tf.string, "examples")
            ),
            names.RANK: tf.function(module.rank).get_concrete_function(**signature),
        },
    )


def _spec(name: str, value: tf.Tensor) -> tf.TensorSpec:
    """Batch, time, words and candidates are of any length; the last axis of vectors is fixed."""
    free = 2 if name in (names.CANDIDATE_FEATURES, names.HISTORY_AGE) or value.dtype.is_integer else 1
    return tf.TensorSpec([None] * min(free, value.shape.rank) + list(value.shape[free:]), value.dtype, name)
