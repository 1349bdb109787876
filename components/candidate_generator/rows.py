"""Rows of candidates as Arrow batches of `tf.Example` features, with what else happened in the window."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from components.interactions.events import encode
from components.interactions.files import read_interactions
from components.recommender.candidates.labels import label_candidates
from schema import names
from schema.fields import DENSE

_ACTIVITIES = np.array([b"none", b"light", b"medium", b"heavy"], object)
_ACTIVITY_STEPS = (1, 10, 100)
"""Events of the history from which a user is light, medium and heavy: slices of the evaluation."""

_COLUMNS = [
    names.USER_ID,
    names.PRODUCT_ID,
    names.OCCURRED_AT,
    names.EVENT_TYPE,
    names.QUANTITY,
    names.RATING,
]


def candidate_rows(
    query: dict[str, Any], found: dict[str, Any], rows: dict[str, Any], outcomes: Outcomes | None = None
) -> pa.RecordBatch:
    """Joins dense queries, their candidates and the targets.

    Args:
        query: Dense query tensors and `query_embedding`.
        found: Candidates of `CandidateSources`.
        rows: The parsed rows, for the targets and the user ids.
        outcomes: What else happened in the window.

    Returns:
        One row a query, every column a list, with the columns of `schema.tensors.transformed.candidate_spec`
        and `user_id`.
    """
    index = found[names.CANDIDATE_INDEX].numpy()
    features = found[names.CANDIDATE_FEATURES].numpy()
    targets = rows[names.TARGET_INDEX]
    labels = label_candidates(index, targets, rows[names.TARGET_WEIGHT])
    lengths = _history_lengths(query[names.HISTORY_INDEX].numpy())
    columns: dict[str, pa.Array] = {
        names.CANDIDATE_INDEX: _lists(index),
        names.CANDIDATE_FEATURES: _lists(features.reshape(len(index), -1)),
        names.LABEL: _lists(labels),
        names.IS_TARGET: _lists((labels > 0).astype(np.float32)),
        names.USER_ID: _lists(rows[names.USER_ID].numpy()[:, None]),
        names.ACTIVITY: _lists(_ACTIVITIES[np.digitize(lengths, _ACTIVITY_STEPS)][:, None]),
        names.NUM_TARGETS: _lists(targets.row_lengths().numpy()[:, None]),
        names.TARGET_INDEX: pa.ListArray.from_arrays(
            pa.array(targets.row_splits.numpy().astype(np.int32)), pa.array(targets.flat_values.numpy())
        ),
    }
    if outcomes is not None:
        happened = outcomes.of(rows[names.USER_ID].numpy(), index)
        columns |= {name: _lists(values.reshape(len(index), -1)) for name, values in happened.items()}
    for name, tensor in query.items():
        values = tensor.numpy()
        if name in DENSE:
            columns[name] = _ragged(values, lengths)
        elif values.ndim == 2 and values.dtype.kind == "i":
            columns[name] = _ragged(values, (values >= 0).sum(axis=1))
        else:
            columns[name] = _lists(values if values.ndim == 2 else values[:, None])
    return pa.RecordBatch.from_arrays(list(columns.values()), names=list(columns))


def _history_lengths(history: np.ndarray) -> np.ndarray:
    """Length up to the last known product; unknown ones within are -1 like the padding."""
    positions = np.arange(1, history.shape[1] + 1)
    lengths: np.ndarray = np.where(history >= 0, positions, 0).max(axis=1, initial=0)
    return lengths


def _lists(values: np.ndarray) -> pa.ListArray:
    """`[rows, width]` as lists of the same length."""
    offsets = np.arange(len(values) + 1, dtype=np.int32) * values.shape[1]
    flat = values.reshape(-1)
    kind = pa.binary() if values.dtype == object else None
    return pa.ListArray.from_arrays(pa.array(offsets), pa.array(flat, kind))


def _ragged(values: np.ndarray, lengths: np.ndarray) -> pa.ListArray:
    """The first `lengths` values of each row."""
    offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int32)
    mask = np.arange(values.shape[1])[None, :] < lengths[:, None]
    return pa.ListArray.from_arrays(pa.array(offsets), pa.array(values[mask]))


@dataclass(frozen=True)
class Outcomes:
    """The events of one window, one entry for each pair of a user and a product, sorted by `keys`.

    Attributes:
        user_codes: User -> code.
        num_products: Size of the catalogue.
        keys: `code * num_products + product` of each pair, int64 `[pairs]`.
        happened: Whether the pair had an event of each type, float32 `[pairs, event types]`.
        quantity: Sum of the known quantities, NaN if none is known `[pairs]`.
        rating: Mean of the known ratings, NaN if none is known `[pairs]`.
    """

    user_codes: dict[str, int]
    num_products: int
    keys: np.ndarray
    happened: np.ndarray
    quantity: np.ndarray
    rating: np.ndarray

    def of(self, user_ids: np.ndarray, index: np.ndarray) -> dict[str, np.ndarray]:
        """Looks candidates up.

        Args:
            user_ids: Users as bytes `[queries]`.
            index: Candidates `[queries, candidates]`.

        Returns:
            `label_events` float32 `[queries, candidates, event types]`, and `label_quantity` and
            `label_rating` `[queries, candidates]`, NaN where unknown.
        """
        codes = np.array([self.user_codes.get(user.decode(), -1) for user in user_ids], np.int64)
        pair_keys = codes[:, None] * self.num_products + index
        row = np.searchsorted(self.keys, pair_keys)
        keys = np.append(self.keys, -1)  # a pair without events looks at the end
        row = np.where((keys[row] == pair_keys) & (codes[:, None] >= 0), row, len(self.keys))
        nothing = np.zeros((1, self.happened.shape[1]), np.float32)
        return {
            names.LABEL_EVENTS: np.concatenate([self.happened, nothing])[row],
            names.LABEL_QUANTITY: np.append(self.quantity, np.float32(np.nan))[row],
            names.LABEL_RATING: np.append(self.rating, np.float32(np.nan))[row],
        }


def read_outcomes(
    directory: str, product_ids: Sequence[str], event_types: Sequence[str], start: int, end: int
) -> Outcomes:
    """Reads the events of a window from the Interactions artifact.

    Args:
        directory: Folder of the Parquet parts.
        product_ids: The product vocabulary, in the order of its indices.
        event_types: The known types; events of others count for quantity and rating only.
        start: First second of the window.
        end: First second after it.
    """
    time = pc.field(names.OCCURRED_AT)
    table = read_interactions(directory, _COLUMNS, (time >= start) & (time < end))
    users = pc.unique(table[names.USER_ID]).to_pylist()
    product = encode(table[names.PRODUCT_ID], product_ids)
    known = product >= 0
    pair = (encode(table[names.USER_ID], users) * len(product_ids) + product)[known]
    keys, row = np.unique(pair, return_inverse=True)
    happened = np.zeros((len(keys), len(event_types) + 1), np.float32)
    kind = encode(table[names.EVENT_TYPE], event_types)[known]
    happened[row, kind] = 1.0  # -1, another type: the last column
    quantity, rating = (
        table[name].to_numpy().astype(np.float64)[known] for name in (names.QUANTITY, names.RATING)
    )
    totals, counts = _sums(row, quantity, len(keys))
    ratings, num_ratings = _sums(row, rating, len(keys))
    return Outcomes(
        user_codes={user: code for code, user in enumerate(users)},
        num_products=len(product_ids),
        keys=keys,
        happened=happened[:, :-1],
        quantity=np.where(counts > 0, totals, np.nan).astype(np.float32),
        rating=np.where(num_ratings > 0, ratings / np.maximum(num_ratings, 1), np.nan).astype(np.float32),
    )


def _sums(row: np.ndarray, values: np.ndarray, size: int) -> tuple[np.ndarray, np.ndarray]:
    """Sum and number of the values of each row that are known."""
    known = np.isfinite(values)
    return (
        np.bincount(row[known], values[known], size),
        np.bincount(row[known], minlength=size),
    )
