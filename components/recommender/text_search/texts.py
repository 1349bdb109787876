"""What can be searched of a product: its texts and the values of its categories, sets and paths."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from components.evaluation.examples import first_values, row_members, texts
from components.interactions.events import encode
from schema import names
from schema.features import FeatureSet, Kind
from schema.values.members import member_words


def product_texts(catalog: pa.Table, features: FeatureSet, product_ids: Sequence[str]) -> list[str]:
    """One text for each product, its columns joined by spaces; empty for products without a row.

    Args:
        catalog: The raw catalog split.
        features: Feature columns; those of texts, categories, sets and paths are taken.
        product_ids: The order of the result.
    """
    joined = pa.array([""] * len(catalog), pa.string())
    for raw, column in features.product_columns().items():
        if column.has_members:
            found_words = [member_words(found, column) for found in row_members(catalog, raw)]
            joined = pc.binary_join_element_wise(joined, pa.array(found_words, pa.string()), " ")
            continue
        values = first_values(catalog, raw)
        if column.kind not in (Kind.TEXT, Kind.CATEGORY) or pa.types.is_null(values.type):
            continue
        words = pc.fill_null(texts(values), "").combine_chunks()
        joined = pc.binary_join_element_wise(joined, words, " ")
    row = encode(list(product_ids), texts(first_values(catalog, names.PRODUCT_ID)).combine_chunks())
    found = np.array([*joined.to_pylist(), ""], object)  # row -1 is the product without a row
    return [str(text) for text in found[row]]
