"""Exports the retrieval model: what the later stages call, and the query tower as plain arrays."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import tensorflow as tf

from schema import names
from schema.features import FeatureSet, Kind
from schema.tensors.in_graph import in_graph
from schema.tensors.transformed import dense_query_signature
from trainer.retrieval.encoders.mean import MeanHistoryEncoder
from trainer.retrieval.metrics import embed_catalog, represent_catalog
from trainer.retrieval.model import RetrievalModel
from trainer.retrieval.towers import QueryTower
from trainer.shared.assets import DESCRIPTION, Arrays, write_arrays


class RetrievalModule(tf.Module):
    """The exported retrieval model.

    Attributes:
        candidate_embeddings: Unit vectors of all products `[products, dim]`.
        representations: Of all products, as the query tower reads them in a history, likewise: made once, so
            that a query need not look up every feature of every product again.
    """

    def __init__(self, model: RetrievalModel) -> None:
        super().__init__()
        self.model = model
        self.candidate_embeddings = tf.Variable(embed_catalog(model), trainable=False)
        self.representations = tf.Variable(represent_catalog(model), trainable=False)

    def query(self, **inputs: tf.Tensor) -> dict[str, tf.Tensor]:
        """Dense transformed query tensors to `query_embedding [batch, dim]`."""
        history = tf.gather(self.representations, tf.maximum(inputs[names.HISTORY_INDEX], 0))
        return {names.QUERY_EMBEDDING: self.model.query_tower(inputs, history)}

    def candidates(self) -> dict[str, tf.Tensor]:
        """All candidate embeddings, `embeddings [products, dim]`."""
        return {"embeddings": tf.identity(self.candidate_embeddings)}

    def products(self, **features: tf.Tensor) -> dict[str, tf.Tensor]:
        """Dense transformed product columns to `embeddings [batch, dim]`, as of products without an id."""
        return {"embeddings": self.model.embed_products(features)}


def export_retrieval(
    model: RetrievalModel, features: FeatureSet, directory: str, example: dict[str, Any]
) -> None:
    """Writes the SavedModel, and `TOWER_TABLES` where the query vector can be made of tables.

    Args:
        model: The fitted model.
        features: Feature columns.
        directory: Where to.
        example: A batch of dense queries, which fixes names, types and ranks.
    """
    module = RetrievalModule(model)
    query = in_graph(module.query)
    candidates = in_graph(module.candidates, input_signature=[])
    signature = dense_query_signature(example)
    signatures = {
        "serving_default": query.get_concrete_function(**signature),
        "candidates": candidates.get_concrete_function(),
    }
    if model.encoder.reads_features:
        specs = _product_specs(features)
        signatures[names.PRODUCTS] = in_graph(module.products).get_concrete_function(**specs)
    tf.saved_model.save(module, directory, signatures=signatures)
    write_tower_tables(model.query_tower, module.representations, directory)


def _product_specs(features: FeatureSet) -> dict[str, tf.TensorSpec]:
    """Specs of what `dense_columns` makes of product columns."""
    specs = {}
    for name, column in features.product_columns().items():
        inner: list[int | None] = []
        if column.kind is Kind.EMBEDDING:
            inner = [column.dim]
        elif column.kind is Kind.TEXT or column.has_members:
            inner = [None]
        dtype = tf.float32 if column.kind is Kind.EMBEDDING else tf.int64
        specs[name] = tf.TensorSpec([None, *inner], dtype, name)
    return specs


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
    write_arrays(_tables(tower, tower.encoder, representations), f"{directory}/{names.TOWER_TABLES}")


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
