"""Executor of the PrerankingTrainer."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
from absl import logging
from tfx.dsl.components.base import base_executor
from tfx.types import artifact_utils
from tfx.utils import path_utils

from components.preranking_trainer.fitting import fit_preranker
from components.preranking_trainer.settings import PrerankingTrainerSettings
from components.recommender.candidates.labels import label_candidates
from components.recommender.candidates.queries import QueryReader, read_window_queries
from components.recommender.candidates.sources import CandidateSources
from components.recommender.candidates.tables import load_tables
from components.settings import PrerankingSettings
from schema import names
from schema.windows import TimeWindows


class Executor(base_executor.BaseExecutor):
    """Fits the preranker on the ranker's training windows, with the index as it was at their starts."""

    def Do(self, input_dict: Any, output_dict: Any, exec_properties: Any) -> None:  # noqa: N802
        """Writes `preranker.npz` (unless it is switched off or nothing was bought) and `training.json`."""
        settings = PrerankingTrainerSettings.from_properties(exec_properties)
        output = Path(artifact_utils.get_single_uri(output_dict["preranker"]))
        output.mkdir(parents=True, exist_ok=True)
        report: dict[str, Any] = {"enabled": settings.preranking.enabled}
        if settings.preranking.enabled:
            report |= self._fit(input_dict, settings, output)
        (output / "training.json").write_text(json.dumps(report, indent=1))

    def _fit(self, inputs: Any, settings: PrerankingTrainerSettings, output: Path) -> dict[str, int]:
        preranking, split, windows = settings.preranking, settings.split, settings.windows
        model = tf.saved_model.load(
            path_utils.serving_model_path(artifact_utils.get_single_uri(inputs["model"]))
        )
        reader = QueryReader(model, settings.features, split.history_length, split.retrieval_history_length)
        uris = artifact_utils.get_split_uris(inputs["transformed_examples"], names.TRAIN)
        patterns = [f"{uri}/*" for uri in uris]
        queries = read_window_queries(patterns, windows.ranking_cutoffs, preranking.max_queries)
        index = Path(artifact_utils.get_single_uri(inputs["index"]))
        features, labels, importance = collect_pairs(
            reader, queries.records, index, windows, preranking, settings.seed
        )
        logging.info("Fitting the preranker to %d pairs, %d of them bought", len(labels), labels.sum())
        if labels.any():
            fit_preranker(features, labels, importance, preranking, settings.seed).save(output)
        return {"num_pairs": len(labels), "num_bought": int(labels.sum())}


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
            pool = find(
                query[names.QUERY_EMBEDDING],
                query[names.HISTORY_INDEX],
                query[names.HISTORY_AGE],
                query[names.USER_INDEX],
            )
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
