"""The product table: all features of the whole catalogue, built once and looked up by `tf.gather`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import tensorflow as tf

from schema import names
from schema.features import FeatureColumn, FeatureSet, Kind
from schema.tensors.transformed import availability, catalog_spec, dense_columns, read_rows
from schema.values.members import MAX_MEMBERS

MAX_WORDS_OF_A_TEXT = 16


@dataclass(frozen=True)
class ProductTable:
    """Features of all products, ordered by their index in the product vocabulary.

    Attributes:
        size: Number of products P.
        available: Whether a product may be recommended, bool `[P]`.
        categories: Column -> index, int32 `[P]`.
        texts: Column -> word indices, int32 `[P, words]`, -1 pads.
        sets: Column -> indices of the members of sets and paths, int32 `[P, members]`, -1 pads.
        embeddings: Column -> given vector, float32 `[P, dim]`.
    """

    size: int
    available: np.ndarray
    categories: dict[str, np.ndarray]
    texts: dict[str, np.ndarray]
    embeddings: dict[str, np.ndarray]
    sets: dict[str, np.ndarray] = field(default_factory=dict)


def read_product_table(patterns: Sequence[str], features: FeatureSet) -> ProductTable:
    """Reads the transformed catalog split.

    Raises:
        ValueError: No product has an index.
    """
    columns = features.product_columns()
    batches = []
    for rows in read_rows(patterns, catalog_spec(features), batch_size=8192):
        dense = dense_columns(rows, columns)
        plain = {name: _fixed_width(dense[name].numpy(), columns[name]) for name in columns}
        plain[names.PRODUCT_INDEX] = rows[names.PRODUCT_INDEX].numpy()
        plain[names.AVAILABLE] = availability(rows).numpy()
        batches.append(plain)
    if not batches:
        raise ValueError(f"The catalog split is empty. Received: patterns={list(patterns)}.")
    index = np.concatenate([batch[names.PRODUCT_INDEX] for batch in batches])
    order = np.argsort(index, kind="stable")
    order = order[index[order] >= 0]

    def ordered(name: str) -> np.ndarray:
        joined: np.ndarray = np.concatenate([batch[name] for batch in batches])[order]
        return joined

    def of_kind(*kinds: Kind) -> dict[str, np.ndarray]:
        return {name: ordered(name) for name, column in columns.items() if column.kind in kinds}

    return ProductTable(
        size=len(order),
        available=ordered(names.AVAILABLE),
        categories=of_kind(Kind.CATEGORY, Kind.NUMBER),
        texts=of_kind(Kind.TEXT),
        embeddings=of_kind(Kind.EMBEDDING),
        sets={name: _narrow(ordered(name)) for name, column in columns.items() if column.has_members},
    )


def level_name(name: str, level: int) -> str:
    """Name of a level of the paths of a column, from 1."""
    return f"{name}__level_{level}"


def level_columns(table: ProductTable, columns: Mapping[str, FeatureColumn]) -> dict[str, np.ndarray]:
    """The levels of paths as categories: name -> index, 0 where a path is shorter, int32 `[P]`.

    Args:
        table: The product table.
        columns: Product columns by raw feature; those with several paths in a row have no such levels.
    """
    return {
        level_name(name, level): np.maximum(indices[:, level - 1], 0)
        for name, indices in table.sets.items()
        if columns[name].has_levels
        for level in range(1, indices.shape[1] + 1)
    }


def _fixed_width(values: np.ndarray, column: FeatureColumn) -> np.ndarray:
    if column.kind is Kind.EMBEDDING:
        return values
    if column.kind is not Kind.TEXT and not column.has_members:
        return values.astype(np.int32)
    most = MAX_MEMBERS if column.has_members else MAX_WORDS_OF_A_TEXT
    fixed = np.full((len(values), most), -1, np.int32)
    width = min(values.shape[1], most)
    fixed[:, :width] = values[:, :width]
    return fixed


def _narrow(members: np.ndarray) -> np.ndarray:
    """As wide as the product with the most members needs, at least 1."""
    return members[:, : max(1, int((members >= 0).sum(axis=1).max(initial=0)))]


def vocabulary_size(indices: np.ndarray) -> int:
    """Number of embedding rows that the indices of a column need."""
    return int(indices.max(initial=0)) + 1


def as_constants(arrays: dict[str, np.ndarray]) -> dict[str, tf.Tensor]:
    """Moves columns to the device."""
    return {name: tf.constant(values) for name, values in arrays.items()}
