"""Exports the ranker: `rank` and `explain` on dense tensors for the assembler, `serving_default` for TFMA."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from schema import names
from schema.features import FeatureSet
from schema.served.score_parts import (
    ANCHOR_CONTRIBUTION,
    CONTRIBUTIONS,
    MEAN_SCORE,
    POSITION,
    SCORE_OF_IT,
)
from schema.tensors.transformed import candidate_spec, dense_candidates
from trainer.ranking.model import RankingModel
from trainer.ranking.score_parts import ScoreParts
from trainer.ranking.tables import write_ranker_tables

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
            "serving_default": tf.function(module.score_examples).get_concrete_function(
                tf.TensorSpec([None], tf.string, "examples")
            ),
            names.RANK: tf.function(module.rank).get_concrete_function(**signature),
            names.EXPLAIN: tf.function(module.explain).get_concrete_function(
                **signature, position=tf.TensorSpec([None], tf.int32, POSITION)
            ),
        },
    )
    write_ranker_tables(model, directory)


def _spec(name: str, value: tf.Tensor) -> tf.TensorSpec:
    """Batch, time, words and candidates are of any length; the last axis of vectors is fixed."""
    free = 2 if name in (names.CANDIDATE_FEATURES, names.HISTORY_AGE) or value.dtype.is_integer else 1
    return tf.TensorSpec([None] * min(free, value.shape.rank) + list(value.shape[free:]), value.dtype, name)
