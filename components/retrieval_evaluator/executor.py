"""Executor of the RetrievalEvaluator."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
from tfx.dsl.components.base import base_executor
from tfx.types import artifact_utils

from components.candidate_sources.sources import CandidateSources
from components.candidate_sources.tables import CandidateTables, load_tables
from components.settings import GateSettings
from schema import names
from schema.errors import PipelineRefusedError
from schema.features import FeatureSet
from schema.transformed import candidate_spec, dense_candidates, read_rows
from schema.windows import TimeWindows

CUT_OFFS = (100, 300, 500)
_BATCH = 64

Tensors = dict[str, Any]


class Executor(base_executor.BaseExecutor):
    """Measures on the eval window, over the full catalogue, what each source and their union find."""

    def Do(self, input_dict: Any, output_dict: Any, exec_properties: Any) -> None:  # noqa: N802
        """Writes `metrics.json`: recall of each source at each cut-off, and of the union.

        Raises:
            PipelineRefusedError: The union's recall is below `gates.least_retrieval_recall`.
        """
        features = FeatureSet.from_json(exec_properties["features"])
        windows = TimeWindows.from_json(exec_properties["windows"])
        gates = GateSettings.from_json(exec_properties["gates"])
        tables = load_tables(Path(artifact_utils.get_single_uri(input_dict["index"])), windows.eval_start)
        uris = artifact_utils.get_split_uris(input_dict["examples"], names.EVAL)
        days = windows.window / names.SECONDS_PER_DAY
        recalls = measure_sources(tables, [f"{uri}/*" for uri in uris], features, days)
        output = Path(artifact_utils.get_single_uri(output_dict["evaluation"]))
        output.mkdir(parents=True, exist_ok=True)
        (output / "metrics.json").write_text(json.dumps({"window": names.EVAL, "recall": recalls}, indent=1))
        union = max(recalls["union"].values())
        if union < gates.least_retrieval_recall:
            raise PipelineRefusedError(
                f"The candidates hold {union:.3f} of what users bought in the eval window; "
                f"`gates.least_retrieval_recall` asks for {gates.least_retrieval_recall}."
            )


def measure_sources(
    tables: CandidateTables, patterns: list[str], features: FeatureSet, window_days: float
) -> dict[str, dict[str, float]]:
    """Mean recall over queries of each source and of the union of all.

    Args:
        tables: The index as of the eval window's start.
        patterns: Rows of candidates of the eval split.
        features: Feature columns.
        window_days: Length of the eval window.

    Returns:
        Source -> cut-off -> recall. Cut-offs are at most the size of the catalogue.
    """
    sources = CandidateSources(tables, 1, window_days)
    popular = tf.constant(tables.moment.popular)
    found: dict[str, list[np.ndarray]] = {}
    for rows in read_rows(patterns, candidate_spec(features), _BATCH):
        dense = dense_candidates(rows, features)
        for name, ordered in _ordered_sources(sources, dense, popular).items():
            found.setdefault(name, []).append(recall_at(ordered.numpy(), rows[names.TARGET_INDEX]))
    return {name: _means(np.concatenate(parts), name) for name, parts in found.items()}


def _ordered_sources(sources: CandidateSources, dense: Tensors, popular: tf.Tensor) -> dict[str, tf.Tensor]:
    count = min(max(CUT_OFFS), sources.num_products)
    scores = sources.score_sources(
        dense[names.QUERY_EMBEDDING], dense[names.HISTORY_INDEX], dense[names.HISTORY_AGE]
    )
    batch = tf.shape(dense[names.HISTORY_INDEX])[0]
    best = {name: tf.math.top_k(values, count).indices for name, values in scores.items()}
    return best | {
        "popular": tf.tile(popular[tf.newaxis, :count], [batch, 1]),
        "own_history": tf.reverse(dense[names.HISTORY_INDEX], axis=[1]),
        "union": dense[names.CANDIDATE_INDEX],
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
    for row, wanted in enumerate(targets.to_list()):
        _, first = np.unique(ordered[row], return_index=True)
        rank_of = {int(ordered[row, place]): rank for rank, place in enumerate(np.sort(first))}
        ranks = np.array([rank_of.get(product, np.inf) if product >= 0 else np.inf for product in wanted])
        for column, cut_off in enumerate((*CUT_OFFS, np.inf)):
            result[row, column] = (ranks < cut_off).mean() if len(ranks) else 0.0
    return result


def _means(recalls: np.ndarray, name: str) -> dict[str, float]:
    labels = [f"recall@{cut_off}" for cut_off in CUT_OFFS]
    means = dict(zip([*labels, "recall"], recalls.mean(axis=0).tolist(), strict=True))
    return means if name in ("union", "own_history") else {label: means[label] for label in labels}
