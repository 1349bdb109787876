"""Exports the retrieval model with the functions that the later stages call."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from schema import names
from schema.features import FeatureSet, Kind
from schema.transformed import dense_query_signature
from trainer.arguments import TrainerArguments
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

    def products(self, **features: tf.Tensor) -> dict[str, tf.Tensor]:
        """Dense transformed product columns to `embeddings [batch, dim]`, as of products without an id."""
        return {"embeddings": self.model.embed_products(features)}


def export_retrieval(model: RetrievalModel, arguments: TrainerArguments, example: dict[str, Any]) -> None:
    """Writes the SavedModel.

    Args:
        model: The fitted model.
        arguments: Where to.
        example: A batch of dense queries, which fixes names, types and ranks.
    """
    module = RetrievalModule(model)
    query = tf.function(module.query)
    candidates = tf.function(module.candidates, input_signature=[])
    signature = dense_query_signature(example)
    signatures = {
        "serving_default": query.get_concrete_function(**signature),
        "candidates": candidates.get_concrete_function(),
    }
    if model.encoder.reads_features:
        specs = _product_specs(arguments.features)
        signatures[names.PRODUCTS] = tf.function(module.products).get_concrete_function(**specs)
    tf.saved_model.save(module, arguments.model_directory, signatures=signatures)


def _product_specs(features: FeatureSet) -> dict[str, tf.TensorSpec]:
    """Specs of what `dense_columns` makes of product columns."""
    specs = {}
    for name, column in features.product_columns().items():
        inner: list[int | None] = []
        if column.kind in (Kind.TEXT, Kind.EMBEDDING):
            inner = [None if column.kind is Kind.TEXT else column.dim]
        dtype = tf.float32 if column.kind is Kind.EMBEDDING else tf.int64
        specs[name] = tf.TensorSpec([None, *inner], dtype, name)
    return specs
