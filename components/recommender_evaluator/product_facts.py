"""What the metrics beyond accuracy need to know of the products."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from components.evaluation.beyond_accuracy import ProductFacts
from components.evaluation.events import Past
from components.evaluation.examples import first_values, texts
from components.evaluation.lists import NOTHING
from components.interactions.events import encode
from schema import names
from schema.features import FeatureSet, Kind
from schema.served.vocabulary import restore_id

_MIN_VALUES = 5


def product_facts(
    catalog: pa.Table,
    features: FeatureSet,
    past: Past,
    embeddings: npt.NDArray[np.float32] | None = None,
) -> tuple[ProductFacts, pa.Array]:
    """Counts the buyers and chooses the category in which diversity and calibration are measured.

    Args:
        catalog: The raw catalog split; its rows give the product codes.
        features: Feature columns.
        past: What is known at the start of the window.
        embeddings: Of the candidates `[products, dim]`.

    Returns:
        The facts, and the values of the category by code.
    """
    size = len(catalog)
    pairs = np.unique(past.users * size + past.products)
    column, category, values = _coarsest_category(catalog, features)
    facts = ProductFacts(
        available=past.recommendable,
        num_buyers=np.bincount(pairs % size, minlength=size),
        num_users=len(np.unique(past.users)),
        category=category,
        category_column=column,
        embeddings=embeddings,
    )
    return facts, values


def read_embeddings(index: Path, transform_graph: str, product_ids: pa.Array) -> npt.NDArray[np.float32]:
    """The candidate embeddings of an index in the order of the catalogue, `[products, dim]`."""
    import tensorflow_transform as tft

    vocabulary = tft.TFTransformOutput(transform_graph).vocabulary_by_name(names.PRODUCT_VOCABULARY)
    ids = pa.array([restore_id(entry) for entry in vocabulary], pa.string())
    row = encode(product_ids, ids)
    table: npt.NDArray[np.float32] = np.load(index / "embeddings.npy")
    return np.where((row >= 0)[:, None], table[np.maximum(row, 0)], np.float32(0))


def _coarsest_category(
    catalog: pa.Table, features: FeatureSet
) -> tuple[str | None, npt.NDArray[np.int64], pa.Array]:
    """The category (or first level of paths) of the fewest values, but at least five if any has so many."""
    found = []
    for raw, column in features.product_columns().items():
        values = first_values(catalog, raw)  # of a path its first level
        if column.kind not in (Kind.CATEGORY, Kind.HIERARCHY) or pa.types.is_null(values.type):
            continue
        values = texts(values).combine_chunks()
        distinct = values.unique().drop_null()
        if len(distinct) > 1:
            found.append((column.name, values, distinct))
    if not found:
        return None, np.full(len(catalog), NOTHING, np.int64), pa.array([], pa.string())
    enough = [entry for entry in found if len(entry[2]) >= _MIN_VALUES]
    by_size = sorted(enough or found, key=lambda entry: len(entry[2]))
    name, values, distinct = by_size[0 if enough else -1]
    return name, encode(values, distinct), distinct
