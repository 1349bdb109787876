"""Exports the retrieval model with the two functions that the later stages call."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from schema import names
from schema.transformed import dense_query_signature
from trainer.retrieval_metrics import embed_catalog
from trainer.retrieval_model import RetrievalModel


class RetrievalModule(tf.Module):
    """The exported retrieval model.

    Attributes:
        candidate_embeddings: Unit vectors of all products `[products, dim]`.
    """

    def __init__(self, model: RetrievalModel) -> None:
        super().__init__()
        self.model = model
        self.candidate_embeddings = tf.Variable(embed_catalog(model), trainable=False)

    def query(self, **inputs: tf.Tensor) -> dict[str, tf.Tensor]:
        """Dense transformed query tensors to `query_embedding [batch, dim]`."""
        return {names.QUERY_EMBEDDING: self.model.embed_queries(inputs)}

    def candidates(self) -> dict[str, tf.Tensor]:
        """All candidate embeddings, `embeddings [products, dim]`."""
        return {"embeddings": tf.identity(self.candidate_embeddings)}


def export_retrieval(model: RetrievalModel, directory: str, example: dict[str, Any]) -> None:
    """Writes the SavedModel.

    Args:
        model: The fitted model.
        directory: Where to.
        example: A batch of dense queries, which fixes names, types and ranks.
    """
    module = RetrievalModule(model)
    query = tf.function(module.query)
    candidates = tf.function(module.candidates, input_signature=[])
    signature = dense_query_signature(example)
    tf.saved_model.save(
        module,
        directory,
        signatures={
            "serving_default": query.get_concrete_function(**signature),
            "candidates": candidates.get_concrete_function(),
        },
    )
