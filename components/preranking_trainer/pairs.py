"""Pairs of queries and products of their pools, with labels: what the preranker learns from."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import tensorflow as tf

from components.recommender.candidates.labels import label_candidates
from components.recommender.candidates.queries import QueryReader
from components.recommender.candidates.sources import CandidateSources
from components.recommender.candidates.tables import load_tables
from components.settings import PrerankingSettings
from schema import names
from schema.windows import TimeWindows


def collect_pairs(
    reader: QueryReader,
    records: Mapping[int, np.ndarray],
    index: Path,
    windows: TimeWindows,
    settings: PrerankingSettings,
    seed: int,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Reads the pools of the training windows; all that was bought, and a share of the rest.

    Args:
        reader: Reads the queries.
        records: Serialised queries of each training window, by its start.
        index: The candidate index.
        windows: Length of the windows, and from when on the towers may be read.
        settings: Size of the pool, share of the negatives.
        seed: Draws the negatives.

    Returns:
        Features float32 `[pairs, features]`, labels bool `[pairs]` and importance float32 `[pairs]`: a
        drawn negative stands for `1 / negative_share` of its kind.
    """
    random = np.random.default_rng(seed)
    parts: list[tuple[np.ndarray, np.ndarray, np.ndarray]] = []
    for cutoff, queries in records.items():
        sources = CandidateSources(
            load_tables(index, cutoff),
            settings.pool_size,
            windows.window / names.SECONDS_PER_DAY,
            pool_size=settings.pool_size,
            reads_towers=windows.knows_towers(cutoff),
        )
        find = tf.function(sources.pool, reduce_retracing=True)
        for rows in reader.rows(queries):
            query = reader.dense(rows)
            pool = find(query[names.QUERY_EMBEDDING], query[names.HISTORY_INDEX], query[names.HISTORY_AGE])
            weights = tf.ones_like(rows[names.TARGET_WEIGHT])
            labels = label_candidates(
                pool[names.CANDIDATE_INDEX].numpy(), rows[names.TARGET_INDEX], weights
            ).astype(bool)
            kept = labels | (random.random(labels.shape) < settings.negative_share)
            importance = np.where(labels, 1.0, 1.0 / settings.negative_share).astype(np.float32)
            parts.append((pool["features"].numpy()[kept], labels[kept], importance[kept]))
    if not parts:
        return np.zeros((0, 0), np.float32), np.zeros(0, bool), np.zeros(0, np.float32)
    features, positive, importances = (np.concatenate(columns) for columns in zip(*parts, strict=True))
    return features, positive, importances
