"""Executor of the RetrievalEvaluator."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
from tfx.dsl.components.base import base_executor
from tfx.types import artifact_utils

from components.evaluation.verdicts import at_least, refuse
from components.recommender.candidates.preranker import PrerankerWeights, load_preranker
from components.recommender.candidates.sources import CandidateSources
from components.recommender.candidates.tables import CandidateTables, load_tables
from components.retrieval_evaluator.settings import RetrievalEvaluatorSettings
from schema import names
from schema.features import FeatureSet
from schema.tensors.transformed import candidate_spec, dense_candidates, read_rows

CUT_OFFS = (100, 300, 500, 900)
_WHOLE_LISTS = ("own_history", "ranked_candidates")
"""Sources of bounded lists, of which the whole is measured too."""
_BATCH = 64

Tensors = dict[str, Any]


class Executor(base_executor.BaseExecutor):
    """Measures on the eval window, over the full catalogue, what each source and their union find."""

    def Do(self, input_dict: Any, output_dict: Any, exec_properties: Any) -> None:  # noqa: N802
        """Writes `metrics.json`: recall of each source at each cut-off, and of the union.

        Raises:
            PipelineRefusedError: The union's recall is below `gates.min_retrieval_recall`.
        """
        settings = RetrievalEvaluatorSettings.from_properties(exec_properties)
        windows, gates = settings.windows, settings.gates
        tables = load_tables(Path(artifact_utils.get_single_uri(input_dict["index"])), windows.eval_start)
        uris = artifact_utils.get_split_uris(input_dict["examples"], names.EVAL)
        days = windows.window / names.SECONDS_PER_DAY
        preranker = load_preranker(Path(artifact_utils.get_single_uri(input_dict["preranker"])))
        measured = measure_sources(
            tables, preranker, [f"{uri}/*" for uri in uris], settings.features, days, settings.pool_size
        )
        output = Path(artifact_utils.get_single_uri(output_dict["evaluation"]))
        output.mkdir(parents=True, exist_ok=True)
        (output / "metrics.json").write_text(json.dumps({"window": names.EVAL} | measured, indent=1))
        union = max(measured["recall"]["ranked_candidates"].values())
        verdict = at_least(
            "min_retrieval_recall",
            union,
            gates.min_retrieval_recall,
            f"The candidates hold {union:.3f} of what users bought in the eval window; "
            f"`gates.min_retrieval_recall` asks for {gates.min_retrieval_recall}.",
            "raise `ranking.num_candidates`, or lower the gate.",
        )
        refuse([verdict])


def measure_sources(
    tables: CandidateTables,
    preranker: PrerankerWeights | None,
    patterns: list[str],
    features: FeatureSet,
    window_days: float,
    pool_size: int,
) -> dict[str, dict[str, dict[str, float]]]:
    """What each source and the union of all find of what users turned to.

    Args:
        tables: The index as of the eval window's start.
        preranker: Cuts the pool of the sources.
        patterns: Rows of candidates of the eval split.
        features: Feature columns.
        window_days: Length of the eval window.
        pool_size: Products that the preranker scores.

    Returns:
        `recall` (mean over queries) and `share_of_targets` (of all queries together): source -> cut-off ->
        value. Cut-offs are at most the size of the catalogue.
    """
    sources = CandidateSources(tables, max(CUT_OFFS), window_days, preranker, pool_size)
    popular = tf.constant(tables.snapshot.popular)
    found: dict[str, list[np.ndarray]] = {}
    num_targets: list[np.ndarray] = []
    for rows in read_rows(patterns, candidate_spec(features), _BATCH):
        dense = dense_candidates(rows, features)
        targets = rows[names.TARGET_INDEX]
        num_targets.append(targets.row_lengths().numpy())
        for name, ordered in _ordered_sources(sources, dense, popular).items():
            found.setdefault(name, []).append(recall_at(ordered.numpy(), targets))
    weights = np.concatenate(num_targets).astype(float)
    recalls = {name: np.concatenate(parts) for name, parts in found.items()}
    return {
        "recall": {name: _means(values, np.ones(len(weights)), name) for name, values in recalls.items()},
        "share_of_targets": {name: _means(values, weights, name) for name, values in recalls.items()},
    }


def _ordered_sources(sources: CandidateSources, dense: Tensors, popular: tf.Tensor) -> dict[str, tf.Tensor]:
    count = min(max(CUT_OFFS), sources.num_products)
    query = tuple(
        dense[name]
        for name in (names.QUERY_EMBEDDING, names.HISTORY_INDEX, names.HISTORY_AGE, names.USER_INDEX)
    )
    scores = sources.score_sources(*query)
    batch = tf.shape(dense[names.HISTORY_INDEX])[0]
    best = {name: tf.math.top_k(values, count).indices for name, values in scores.items()}
    return best | {
        "popular": tf.tile(popular[tf.newaxis, :count], [batch, 1]),
        "own_history": tf.reverse(dense[names.HISTORY_INDEX], axis=[1]),
        "union": sources(*query)[names.CANDIDATE_INDEX],
        "ranked_candidates": dense[names.CANDIDATE_INDEX],
    }


def recall_at(ordered: np.ndarray, targets: tf.RaggedTensor) -> np.ndarray:
    """Share of each query's targets that stand at or before each position of a list.

    Args:
        ordered: Products, best first `[queries, width]`.
        targets: Products `[queries, (targets)]`; a product that is not in the vocabulary is -1 and cannot
            be found.

    Returns:
        `[queries, len(CUT_OFFS) + 1]`; the last column is that of the whole list.
    """
    result = np.zeros((len(ordered), len(CUT_OFFS) + 1))
    for row, relevant in enumerate(targets.to_list()):
        _, first = np.unique(ordered[row], return_index=True)
        rank_of = {int(ordered[row, index]): rank for rank, index in enumerate(np.sort(first))}
        ranks = np.array([rank_of.get(product, np.inf) if product >= 0 else np.inf for product in relevant])
        for column, cut_off in enumerate((*CUT_OFFS, np.inf)):
            result[row, column] = (ranks < cut_off).mean() if len(ranks) else 0.0
    return result


def _means(recalls: np.ndarray, weights: np.ndarray, name: str) -> dict[str, float]:
    labels = [*(f"recall@{cut_off}" for cut_off in CUT_OFFS), "recall"]
    values = np.average(recalls, axis=0, weights=weights) if weights.sum() else np.zeros(len(labels))
    means = dict(zip(labels, values.tolist(), strict=True))
    if name not in _WHOLE_LISTS:
        del means["recall"]
    return means
