"""The queries of one moment, dense and with the embedding of the query tower."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import tensorflow as tf

from components.candidate_sources.sampling import in_sample
from schema import names
from schema.features import FeatureSet
from schema.transformed import dense_query, query_spec, read_rows

BATCH_SIZE = 64
_ROWS_AT_ONCE = 1024

Tensors = dict[str, Any]


@dataclass(frozen=True)
class QueryReader:
    """Reads window queries as serving would ask them.

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

    def rows(self, patterns: list[str], moment: int, share: float) -> Iterator[Tensors]:
        """Parsed rows of the window queries at a moment, up to `BATCH_SIZE` at a time.

        Queries of like histories stand together, so that little of a batch is padding.

        Args:
            patterns: Files of transformed queries.
            moment: Start of the window.
            share: Share of the users.
        """
        for parsed in read_rows(patterns, query_spec(self.features), _ROWS_AT_ONCE):
            is_window = parsed[names.QUERY_KIND] == names.KIND_WINDOW
            kept = tf.logical_and(is_window, parsed[names.QUERY_TIME] == moment)
            kept = tf.logical_and(kept, in_sample(parsed[names.USER_ID], share)).numpy()
            lengths = parsed[names.HISTORY_INDEX].row_lengths().numpy()
            places = np.flatnonzero(kept)
            places = places[np.argsort(lengths[places], kind="stable")]
            for start in range(0, len(places), BATCH_SIZE):
                chosen = tf.constant(places[start : start + BATCH_SIZE])
                yield {name: tf.gather(value, chosen) for name, value in parsed.items()}

    def dense(self, rows: Tensors) -> Tensors:
        """Dense query tensors and `query_embedding`."""
        query = dense_query(rows, self.features, self.history_length)
        recent = dense_query(rows, self.features, self.retrieval_history_length)
        embedding = self.model.signatures["serving_default"](**recent)[names.QUERY_EMBEDDING]
        return query | {names.QUERY_EMBEDDING: embedding}
