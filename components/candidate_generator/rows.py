"""Rows of candidates as Arrow batches of `tf.Example` features."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa

from components.candidate_generator.outcomes import Outcomes
from components.recommender.candidates.labels import label_candidates
from schema import names
from schema.fields import DENSE

_ACTIVITIES = np.array([b"none", b"light", b"medium", b"heavy"], object)
_ACTIVITY_STEPS = (1, 10, 100)
"""Events of the history from which a user is light, medium and heavy: slices of the evaluation."""


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
