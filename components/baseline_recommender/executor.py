"""Executor of the BaselineRecommender."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
from absl import logging
from tfx.dsl.components.base import base_executor
from tfx.types import artifact_utils

from components.baseline_recommender.settings import BaselineRecommenderSettings
from components.evaluation.baselines.lists import TUNING_FILE, lists_table, write_lists
from components.evaluation.baselines.registry import ALL, NEW, tune_baselines
from components.evaluation.evaluation_sets import (
    build_evaluation_set,
    never_bought,
    read_shop,
    sample_rows,
)
from components.evaluation.examples import first_values, read_split, texts
from components.evaluation.exclusion import resolve_exclusion
from components.evaluation.served import TOP_K
from components.interactions.events import repeat_rate
from schema import names
from schema.files import write_json


class Executor(base_executor.BaseExecutor):
    """Tunes the baselines on the eval window and writes their lists for the test window."""

    def Do(self, input_dict: Any, output_dict: Any, exec_properties: Any) -> None:  # noqa: N802
        """Writes `lists.parquet` and `baselines.json`."""
        settings = BaselineRecommenderSettings.from_properties(exec_properties)
        windows, baselines, seed = settings.windows, settings.baseline_settings, settings.seed
        examples = artifact_utils.get_single_uri(input_dict["examples"])
        shop = read_shop(examples, artifact_utils.get_single_uri(input_dict["interactions"]))
        exclusion = resolve_exclusion(settings.exclude_purchased, repeat_rate(shop.events.positive))
        tables = {
            names.EVAL: read_split(examples, names.EVAL),
            names.TEST: sample_rows(read_split(examples, names.TEST), settings.max_test_queries, seed),
        }
        starts = {names.EVAL: windows.eval_start, names.TEST: windows.test_start}
        plain = {
            split: build_evaluation_set(shop, table, starts[split], split, exclusion)
            for split, table in tables.items()
        }
        eval_sets = {split: {ALL: one, NEW: never_bought(one)} for split, one in plain.items()}
        users = texts(first_values(tables[names.TEST], names.USER_ID)).combine_chunks()
        written: list[pa.Table] = []
        tuning: dict[str, dict[str, Any]] = {}
        for tuned in tune_baselines(
            eval_sets[names.EVAL],
            eval_sets[names.TEST],
            windows.window,
            baselines,
            TOP_K,
            seed,
        ):
            best = max(row["ndcg@10"] for row in tuned.tuning)
            logging.info("%s (%s): %.4f in %.1f s", tuned.system, tuned.question, best, tuned.seconds)
            written.append(lists_table(tuned.system, tuned.question, users, tuned.ranked, shop.product_ids))
            tuning.setdefault(tuned.system, {})[tuned.question] = {
                "settings": tuned.settings,
                "tuning": tuned.tuning,
                "seconds": tuned.seconds,
            }
        output = Path(artifact_utils.get_single_uri(output_dict["baselines"]))
        output.mkdir(parents=True, exist_ok=True)
        write_lists(output, written)
        write_json(output / TUNING_FILE, tuning)
