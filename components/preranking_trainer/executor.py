"""Executor of the PrerankingTrainer."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
from absl import logging
from tfx.dsl.components.base import base_executor
from tfx.types import artifact_utils
from tfx.utils import path_utils

from components.preranking_trainer.settings import PrerankingTrainerSettings
from components.recommender.candidates.labels import label_candidates
from components.recommender.candidates.preranker import PrerankerWeights, score_pool
from components.recommender.candidates.queries import QueryReader, read_window_queries
from components.recommender.candidates.sources import CandidateSources
from components.recommender.candidates.tables import load_tables
from components.settings import PrerankingSettings
from schema import names
from schema.tensors.in_graph import in_graph
from schema.windows import TimeWindows

_MIN_DEVIATION = 1e-4
_CONSTANT = 1e6
"""Deviation of what does not vary: a constant less its mean is rounding, which must not be scaled up."""
_SAMPLE_FOR_SCALES = 200_000


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
        find = in_graph(sources.pool, reduce_retracing=True)
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


def initial_weights(features: np.ndarray, settings: PrerankingSettings, seed: int) -> PrerankerWeights:
    """Scales from the data, He-normal kernels (He et al. 2015) from the seed."""
    random = np.random.default_rng(seed)
    sample = features[:: max(1, len(features) // _SAMPLE_FOR_SCALES)].astype(np.float64)
    deviation = sample.std(axis=0)
    hidden, middle = settings.hidden_dim, max(1, settings.hidden_dim // 2)

    def kernel(rows: int, columns: int) -> np.ndarray:
        values: np.ndarray = random.normal(0.0, np.sqrt(2.0 / rows), (rows, columns)).astype(np.float32)
        return values

    return PrerankerWeights(
        mean=sample.mean(axis=0).astype(np.float32),
        deviation=np.where(deviation > _MIN_DEVIATION, deviation, _CONSTANT).astype(np.float32),
        hidden_kernel=kernel(features.shape[1], hidden),
        hidden_bias=np.zeros(hidden, np.float32),
        middle_kernel=kernel(hidden, middle),
        middle_bias=np.zeros(middle, np.float32),
        score_kernel=kernel(middle, 1),
    )


def fit_preranker(
    features: np.ndarray,
    labels: np.ndarray,
    importance: np.ndarray,
    settings: PrerankingSettings,
    seed: int,
) -> PrerankerWeights:
    """Minimises the weighted cross-entropy by Adam; the learning rate falls to 0.

    Args:
        features: Of (query, product) pairs `[pairs, features]`.
        labels: 1 where the product was bought, else 0 `[pairs]`.
        importance: How many pairs of its kind each stands for `[pairs]`.
        settings: Width and length of the training.
        seed: Of initial weights and order.
    """
    start = initial_weights(features, settings, seed)
    weights = {name: tf.Variable(value) for name, value in asdict(start).items()}
    bias = tf.Variable(_log_odds(labels, importance))
    trained = [value for name, value in weights.items() if name not in ("mean", "deviation")]
    steps = -(-len(features) // settings.batch_size) * settings.num_epochs
    optimizer = tf.keras.optimizers.Adam(
        tf.keras.optimizers.schedules.PolynomialDecay(settings.learning_rate, steps, 0.0)
    )

    @in_graph(reduce_retracing=True)
    def step(inputs: tf.Tensor, bought: tf.Tensor, importances: tf.Tensor) -> None:
        with tf.GradientTape() as tape:
            logits = score_pool(inputs, weights) + bias
            losses = tf.nn.sigmoid_cross_entropy_with_logits(bought, logits)
            loss = tf.reduce_sum(losses * importances) / tf.reduce_sum(importances)
        variables = [*trained, bias]
        optimizer.apply_gradients(zip(tape.gradient(loss, variables), variables, strict=True))

    random = np.random.default_rng(seed)
    targets = labels.astype(np.float32)
    for _ in range(settings.num_epochs):
        order = random.permutation(len(features))
        for first in range(0, len(order), settings.batch_size):
            rows = order[first : first + settings.batch_size]
            step(*(tf.constant(values[rows]) for values in (features, targets, importance)))
    return PrerankerWeights(**{name: value.numpy() for name, value in weights.items()})


def _log_odds(labels: np.ndarray, importance: np.ndarray) -> np.float32:
    share = float((labels * importance).sum() / max(importance.sum(), 1e-9))
    share = min(max(share, 1e-6), 1 - 1e-6)
    return np.float32(np.log(share / (1 - share)))
