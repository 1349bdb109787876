"""The queries of one cutoff, dense and with the embedding of the query tower."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import tensorflow as tf

from components.recommender.candidates.sampling import in_sample
from schema import names
from schema.features import FeatureSet
from schema.tensors.transformed import dense_query, query_spec, read_records

BATCH_SIZE = 64
_RECORDS_AT_ONCE = 8192
_HEAD = {
    names.QUERY_TIME: tf.io.FixedLenFeature([], tf.int64, 0),
    names.QUERY_KIND: tf.io.FixedLenFeature([], tf.string, ""),
    names.USER_ID: tf.io.FixedLenFeature([], tf.string, ""),
}

Tensors = dict[str, Any]


@dataclass(frozen=True)
class WindowQueries:
    """Serialised window queries of some cutoffs, read in one pass over the files.

    Attributes:
        records: Cutoff -> records in the order of the files, bytes `[queries]`.
        num_all: Window queries at these cutoffs, before sampling.
    """

    records: dict[int, np.ndarray]
    num_all: int


def read_window_queries(patterns: Sequence[str], cutoffs: Sequence[int], max_queries: int) -> WindowQueries:
    """Reads the window queries at some cutoffs; beyond `max_queries`, about, of a sample of users.

    Args:
        patterns: Files of transformed queries.
        cutoffs: Starts of the windows.
        max_queries: Queries wanted at most.
    """
    wanted = tf.constant(list(cutoffs), tf.int64)
    kept: list[tuple[np.ndarray, np.ndarray, np.ndarray]] = []
    for batch in read_records(patterns).batch(_RECORDS_AT_ONCE).prefetch(2):
        head = tf.io.parse_example(batch, _HEAD)
        chosen = tf.reduce_any(head[names.QUERY_TIME][:, tf.newaxis] == wanted, axis=1)
        chosen = tf.logical_and(chosen, head[names.QUERY_KIND] == names.KIND_WINDOW)
        parts = (batch, head[names.QUERY_TIME], head[names.USER_ID])
        kept.append(tuple(tf.boolean_mask(part, chosen).numpy() for part in parts))
    empty = (np.zeros(0, object), np.zeros(0, np.int64), np.zeros(0, object))
    records, times, users = (np.concatenate(parts) for parts in zip(empty, *kept, strict=True))
    sampled = in_sample(tf.constant(users, tf.string), min(1.0, max_queries / max(len(users), 1))).numpy()
    return WindowQueries(
        {cutoff: records[sampled & (times == cutoff)] for cutoff in cutoffs}, num_all=len(users)
    )


@dataclass(frozen=True)
class QueryReader:
    """Makes queries as serving would ask them.

    Attributes:
        model: The loaded retrieval model.
        features: Feature columns.
        history_length: Events that the ranker sees.
        retrieval_history_length: Events that the query tower sees.
    """

    model: Any
    features: FeatureSet
    history_length: int
    retrieval_history_length: int

    def rows(self, records: np.ndarray) -> Iterator[Tensors]:
        """Parsed rows, `BATCH_SIZE` at a time.

        Queries of like size stand together, so that little of a batch is padding.

        Args:
            records: Of one cutoff, from `read_window_queries`.
        """
        ordered = records[np.argsort([len(record) for record in records], kind="stable")]
        spec = query_spec(self.features)
        for start in range(0, len(ordered), BATCH_SIZE):
            batch = tf.constant(ordered[start : start + BATCH_SIZE].tolist(), tf.string)
            yield tf.io.parse_example(batch, spec)

    def dense(self, rows: Tensors) -> Tensors:
        """Dense query tensors and `query_embedding`."""
        query = dense_query(rows, self.features, self.history_length)
        recent = dense_query(rows, self.features, self.retrieval_history_length)
        embedding = self.model.signatures["serving_default"](**recent)[names.QUERY_EMBEDDING]
        return query | {names.QUERY_EMBEDDING: embedding}
