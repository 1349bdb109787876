"""The space of the towers, open to what the catalogue does not have: queries, new products, vectors."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
import pyarrow as pa
import tensorflow as tf

from components.evaluation.examples import first_values, texts
from components.interactions.events import encode
from components.recommender.candidates.embedding_table import EmbeddingTable
from components.recommender.candidates.item_to_item import frozen
from components.recommender.post_ranking.filters import cut, filter_scores
from components.recommender.request import product_specs, raw_products, raw_request
from schema import names
from schema.features import FeatureSet, Kind
from schema.tensors.in_graph import in_graph
from schema.tensors.transformed import dense_columns, dense_query

Tensors = dict[str, Any]


class Embeddings(tf.Module):
    """Signatures beside those that recommend; the contract stands in `docs/served-model.md`.

    Args:
        recommender: Whose towers, sources and transform graph are used.
        columns: Embedding column -> vectors of the catalogue `[products, dim]`, zeros where one is missing.
    """

    def __init__(self, recommender: Any, columns: Mapping[str, np.ndarray]) -> None:
        super().__init__()
        self._recommender = recommender
        self._features: FeatureSet = recommender.features
        # The rows are the dimensions, as in `EmbeddingTable`.
        self.columns = {name: frozen(_unit(vectors).T, tf.float32) for name, vectors in columns.items()}
        self.missing = {name: frozen(~vectors.any(axis=1), tf.bool) for name, vectors in columns.items()}

    def signatures(self, specs: Mapping[str, tf.TensorSpec]) -> dict[str, Any]:
        """Name -> concrete function.

        Args:
            specs: Those of a request for recommendations.
        """
        table = self._table
        found = {
            names.EMBED_QUERIES: in_graph(self.embed_queries).get_concrete_function(**specs),
            names.NEAREST: self._nearest(table.scores, self._recommender.sources.hidden, table.dim),
        }
        for name, vectors in self.columns.items():
            scores = partial(tf.matmul, b=vectors)
            found[f"{names.NEAREST}__{name}"] = self._nearest(scores, self.missing[name], vectors.shape[0])
        if names.PRODUCTS in self._recommender.retrieval.signatures:
            columns = product_specs(self._features)
            found[names.EMBED_PRODUCTS] = in_graph(self.embed_products).get_concrete_function(**columns)
        return found

    def embed_queries(self, **inputs: tf.Tensor) -> Tensors:
        """Requests to `query_embedding`, unit vectors `[batch, dim]`."""
        transformed = self._recommender.transform_layer(raw_request(inputs, self._features))
        query = dense_query(transformed, self._features, self._recommender.retrieval_history_length)
        return dict(self._recommender.retrieval.signatures["serving_default"](**query))

    def embed_products(self, **inputs: tf.Tensor) -> Tensors:
        """Products, known or not, to `embedding [batch, dim]` and whether they are `known [batch]`."""
        transformed = self._recommender.transform_layer(raw_products(inputs, self._features))
        index = transformed[names.PRODUCT_INDEX]
        index = tf.sparse.to_dense(index, default_value=-1) if isinstance(index, tf.SparseTensor) else index
        index = tf.reshape(index, [-1])
        dense = dense_columns(transformed, self._features.product_columns())
        by_features = self._recommender.retrieval.signatures[names.PRODUCTS](**dense)["embeddings"]
        known = index >= 0
        in_catalogue = self._table.of(tf.maximum(index, 0))
        return {
            names.EMBEDDING: tf.where(known[:, tf.newaxis], in_catalogue, by_features),
            names.KNOWN: known,
        }

    @property
    def _table(self) -> EmbeddingTable:
        table: EmbeddingTable = self._recommender.sources.scorer.embeddings
        return table

    def _nearest(self, scores: Callable[[tf.Tensor], tf.Tensor], missing: tf.Variable, dim: int) -> Any:
        def nearest(embedding: tf.Tensor, top_k: tf.Tensor) -> Tensors:
            hidden = tf.logical_or(self._recommender.sources.hidden, missing)
            cosine = scores(tf.math.l2_normalize(embedding, axis=1))
            position, score, exists = cut(
                filter_scores(cosine, hidden[tf.newaxis, :]), tf.cast(top_k, tf.int32)
            )
            return {
                names.PRODUCT_ID: tf.where(exists, tf.gather(self._recommender.product_ids, position), ""),
                "score": tf.where(exists, score, float("nan")),
            }

        return in_graph(nearest).get_concrete_function(
            embedding=tf.TensorSpec([None, dim], tf.float32, names.EMBEDDING),
            top_k=tf.TensorSpec([], tf.int64, names.TOP_K),
        )


def embedding_columns(
    catalog: pa.Table, features: FeatureSet, product_ids: Sequence[str]
) -> dict[str, np.ndarray]:
    """Embedding column -> given vectors in the order of `product_ids`, zeros where a product has none.

    Args:
        catalog: The raw catalog split.
        features: Feature columns.
        product_ids: The order of the rows.
    """
    row = encode(list(product_ids), texts(first_values(catalog, names.PRODUCT_ID)).combine_chunks())
    found = {}
    for raw, column in features.product_columns().items():
        if column.kind is not Kind.EMBEDDING:
            continue
        vectors = np.zeros((len(catalog) + 1, column.dim), np.float32)  # row -1: a product without a row
        given = catalog[raw].combine_chunks() if raw in catalog.column_names else pa.array([], pa.null())
        if not pa.types.is_null(given.type):
            has = np.asarray(given.value_lengths().fill_null(0).to_numpy()) == column.dim
            flat = given.filter(pa.array(has)).flatten().to_numpy(zero_copy_only=False)
            vectors[:-1][has] = np.nan_to_num(flat.reshape(-1, column.dim))
        found[column.name] = vectors[row]
    return found


def _unit(vectors: np.ndarray) -> np.ndarray:
    length = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors / np.maximum(length, 1e-12), np.float32)
