"""How the candidates of a batch of queries came about."""

from __future__ import annotations

from dataclasses import dataclass

import tensorflow as tf

from components.recommender.candidates.lists import SourceList
from components.recommender.candidates.scoring import SourceScores

Tensors = dict[str, tf.Tensor]


@dataclass(frozen=True)
class Retrieved:
    """What each step of retrieval made.

    Attributes:
        scores: Of the catalogue by each source.
        lists: Of the sources, of which the pool is the union.
        pool: Products `[batch, pool]`; the candidates themselves without a preranker.
        pool_source: The source of each `[batch, pool]`.
        visible: The preranker's scores, of hidden products below all others `[batch, pool]`; None without.
        kept: The same with what is kept whatever its score above all others; None without a preranker.
        found: The candidates, see `CandidateSources`.
    """

    scores: SourceScores
    lists: list[SourceList]
    pool: tf.Tensor
    pool_source: tf.Tensor
    visible: tf.Tensor | None
    kept: tf.Tensor | None
    found: Tensors
