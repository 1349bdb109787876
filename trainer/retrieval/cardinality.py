"""How many embedding rows each transformed column needs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from schema import names
from schema.features import FeatureColumn, Kind


def cardinalities(transform_output: Any, columns: Mapping[str, FeatureColumn]) -> dict[str, int]:
    """Returns column -> number of indices that the transform graph may give; embeddings are left out.

    Args:
        transform_output: A `tft.TFTransformOutput`.
        columns: Raw feature name -> column.
    """
    sizes = {}
    for name, column in columns.items():
        if column.kind is Kind.NUMBER:
            sizes[name] = names.NUM_NUMBER_BUCKETS + names.FIRST_CATEGORY
        elif column.kind is Kind.CATEGORY:
            sizes[name] = transform_output.vocabulary_size_by_name(name) + names.FIRST_CATEGORY
        elif column.kind is Kind.TEXT:
            sizes[name] = transform_output.vocabulary_size_by_name(name) + names.NUM_HASHED_WORDS
    return sizes
