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
from components.recommender.candidates.queries import QueryReader, read_window_queries
from components.settings import PrerankingSettings
from schema import names
from schema.features import FeatureSet
from schema.windows import TimeWindows


class Executor(base_executor.BaseExecutor):
    """Fits the preranker on the ranker's training windows, with the index as it was at their starts."""

    def Do(self, input_dict: Any, output_dict: Any, exec_properties: Any) -> None:  # noqa: N802
        """Writes `preranker.npz` (unless it is switched off or nothing was bought) and `training.json`."""
        settings = PrerankingSettings.from_json(exec_properties["settings"])
        windows = TimeWindows.from_json(exec_properties["windows"])
        output = Path(artifact_utils.get_single_uri(output_dict["preranker"]))
        output.mkdir(parents=True, exist_ok=True)
        report: dict[str, Any] = {"enabled": settings.enabled}
        if settings.enabled:
            report |= self._fit(input_dict, exec_properties, settings, windows, output)
        (output / "training.json").write_text(json.dumps(report, indent=1))

    def _fit(
        self,
        inputs: Any,
        properties: Any,
        settings: PrerankingSettings,
        windows: TimeWindows,
        output: Path,
    ) -> dict[str, int]:
        model = tf.saved_model.load(
            path_utils.serving_model_path(artifact_utils.get_single_uri(inputs["model"]))
        )
        reader = QueryReader(
            model,
            FeatureSet.from_json(properties["features"]),
            properties["history_length"],
            properties["retrieval_history_length"],
        )
        uris = artifact_utils.get_split_uris(inputs["transformed_examples"], names.TRAIN)
        patterns = [f"{uri}/*" for uri in uris]
        queries = read_window_queries(patterns, windows.ranking_cutoffs, settings.max_queries)
        features, labels, importance = collect_pairs(
            reader,
            queries.records,
            Path(artifact_utils.get_single_uri(inputs["index"])),
            windows,
            settings,
            properties["seed"],
        )
        logging.info("Fitting the preranker to %d pairs, %d of them bought", len(labels), labels.sum())
        if labels.any():
            fit_preranker(features, labels, importance, settings, properties["seed"]).save(output)
        return {"num_pairs": len(labels), "num_bought": int(labels.sum())}
