"""Asks a pushed model for embeddings, and for what lies nearest to one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from schema import names
from schema.features import FeatureSet, Kind
from schema.served.request import Query, encode_column, encode_queries
from serving.model.items import Items
from serving.model.pushed_model import PushedModel

FloatArray = np.ndarray


def embedding_length(model: PushedModel) -> int | None:
    """Length of the towers' embeddings; None for models of before there were such signatures."""
    return _length(model, names.NEAREST)


def column_lengths(model: PushedModel) -> dict[str, int]:
    """Embedding column of products -> its length, for those that can be searched."""
    found = {
        column.name: _length(model, f"{names.NEAREST}__{column.name}")
        for column in model.features.products
        if column.kind is Kind.EMBEDDING
    }
    return {name: length for name, length in found.items() if length is not None}


def embeds_products(model: PushedModel) -> bool:
    """Whether products that the model does not know can be embedded by their features."""
    return model.has(names.EMBED_PRODUCTS)


def embed_query(model: PushedModel, query: Query) -> FloatArray:
    """The unit vector of a query `[dim]`."""
    inputs = encode_queries(model.features, [query], model.history_length)
    return np.asarray(model.answer(names.EMBED_QUERIES, inputs)[names.QUERY_EMBEDDING][0])


def embed_products(
    model: PushedModel, products: Sequence[tuple[str, Mapping[str, Any]]]
) -> tuple[FloatArray, FloatArray]:
    """Unit vectors `[products, dim]` and whether the model knows each product `[products]`.

    Args:
        model: One that `embeds_products`.
        products: Ids with the values of their columns, as `checked_features` returns them.
    """
    found = model.answer(names.EMBED_PRODUCTS, encode_products(model.features, products))
    return found[names.EMBEDDING], found[names.KNOWN]


def encode_products(
    features: FeatureSet, products: Sequence[tuple[str, Mapping[str, Any]]]
) -> dict[str, np.ndarray]:
    """The inputs of the signature `embed_products`; missing values are empty or NaN."""
    inputs = {names.PRODUCT_ID: _texts([product_id for product_id, _ in products])}
    for name, column in features.product_columns().items():
        inputs[name] = encode_column([row.get(column.name) for _, row in products], column)
    return inputs


def nearest(model: PushedModel, embedding: FloatArray, top_k: int, column: str | None = None) -> Items:
    """Products nearest to a vector by cosine: rank, product_id, score.

    Args:
        model: One with the signature.
        embedding: In the space of the towers, or in that of an embedding column.
        top_k: Most items.
        column: The embedding column; None for the towers.
    """
    name = names.NEAREST if column is None else f"{names.NEAREST}__{column}"
    found = model.answer(name, {names.EMBEDDING: [embedding], names.TOP_K: top_k})
    pairs = zip(found[names.PRODUCT_ID][0].tolist(), found["score"][0].tolist(), strict=True)
    kept = [(product_id.decode(), score) for product_id, score in pairs if product_id]
    return [{"rank": rank, "product_id": name, "score": score} for rank, (name, score) in enumerate(kept, 1)]


def _length(model: PushedModel, signature: str) -> int | None:
    if not model.has(signature):
        return None
    return int(
        model.signatures_for("an embedding is asked about")[signature].inputs[names.EMBEDDING].shape[1]
    )


def _texts(values: Sequence[str]) -> np.ndarray:
    return np.array([value.encode() for value in values], object)
