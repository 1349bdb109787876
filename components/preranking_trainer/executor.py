"""Executor of the PrerankingTrainer."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import tensorflow as tf
from absl import logging
from tfx.dsl.components.base import base_executor
from tfx.types import artifact_utils
from tfx.utils import path_utils

from components.preranking_trainer.fitting import fit_preranker
from components.preranking_trainer.pairs import collect_pairs
from components.preranking_trainer.settings import PrerankingTrainerSettings
from components.recommender.candidates.queries import QueryReader, read_window_queries
from schema import names


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
