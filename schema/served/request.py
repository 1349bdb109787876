"""From queries to the input tensors of the served model's `recommend` signature, with numpy only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from dataclasses import field as attribute
from typing import Any

import numpy as np

from schema import names
from schema.features import FeatureColumn, FeatureSet, Kind
from schema.fields import HISTORY
from schema.values.fitting import fitted
from schema.values.value_text import value_text


@dataclass(frozen=True)
class Query:
    """One user at one time.

    Attributes:
        user_id: Id of the user; any text, known to the model or not.
        query_time: Epoch seconds; only earlier events belong in the history.
        product_ids: Products of the history, oldest first.
        times: Epoch seconds of the history's events.
        event_types: Types of the history's events.
        features: Column name of `users` -> value; missing columns may be left out.
    """

    user_id: str
    query_time: int
    product_ids: Sequence[str] = ()
    times: Sequence[int] = ()
    event_types: Sequence[str] = ()
    features: Mapping[str, Any] = attribute(default_factory=dict)


def encode_queries(
    features: FeatureSet, queries: Sequence[Query], history_length: int
) -> dict[str, np.ndarray]:
    """Returns the dense inputs of `recommend` apart from `top_k` and `exclude_purchased`.

    The newest `history_length` events are kept and padded on the right: product ids and event types
    with the empty string, times with 0.

    Returns:
        `user_id`, `query_time`: `[batch]`; `history_*`: `[batch, longest history, at least 1]`;
        `user__<column>`: `[batch]` (bytes for categories and text, float32 with NaN for missing
        numbers), `[batch, members]` (bytes, padded with "") for sets and paths, or `[batch, dim]` for
        embeddings.
    """
    width = max([1, *(min(len(query.product_ids), history_length) for query in queries)])
    inputs: dict[str, np.ndarray] = {
        names.USER_ID: _texts([query.user_id for query in queries]),
        names.QUERY_TIME: np.array([query.query_time for query in queries], np.int64),
    }
    for field in HISTORY:
        empty = np.full((len(queries), width), b"", object)
        inputs[field.raw] = empty if field.is_text else np.zeros((len(queries), width), np.int64)
    for row, query in enumerate(queries):
        kept = min(len(query.product_ids), history_length)
        for field in HISTORY if kept else ():
            values = getattr(query, field.of_query)[-kept:]
            inputs[field.raw][row, :kept] = _texts(values) if field.is_text else values
    for name, column in features.user_columns().items():
        inputs[name] = encode_column([query.features.get(column.name) for query in queries], column)
    return inputs


def encode_column(values: Sequence[Any], column: FeatureColumn) -> np.ndarray:
    """Values of a column as the served model takes them; what is missing is "" or NaN."""
    known = [fitted(value, column) for value in values]
    if column.has_members:
        return _padded([() if found is None else found for found in known])
    if column.kind is Kind.NUMBER:
        return np.array([np.nan if value is None else value for value in known], np.float32)
    if column.kind is Kind.EMBEDDING:
        empty = np.full(column.dim, np.nan)
        return np.array([empty if value is None else value for value in known], np.float32)
    return _texts(["" if value is None else value_text(value) for value in known])


def _texts(values: Sequence[str]) -> np.ndarray:
    return np.array([value.encode() for value in values], object)


def _padded(rows: Sequence[Sequence[str]]) -> np.ndarray:
    """Texts `[rows, the most of a row, at least 1]`, padded with the empty one."""
    padded = np.full((len(rows), max([1, *map(len, rows)])), b"", object)
    for row, found in enumerate(rows):
        padded[row, : len(found)] = _texts(found)
    return padded
