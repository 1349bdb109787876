"""Executor of the RecommenderEvaluator."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from tfx.dsl.components.base import base_executor
from tfx.types import artifact_utils
from tfx.utils import path_utils

from components.baseline_recommender.lists import TUNING_FILE, read_lists
from components.baselines.tuning import ALL, NEW
from components.evaluation.baselines import Question
from components.evaluation.examples import first_values, read_split, texts
from components.evaluation.files import whole_file, write_json
from components.evaluation.gates import CHAMPION, OURS, decide
from components.evaluation.lists import IntArray, compact
from components.evaluation.report import full_report, slice_report
from components.evaluation.served import TOP_K, Answers, ServedModel, query_batches
from components.recommender_evaluator.champion import Champion, find_champion
from components.recommender_evaluator.questions import (
    Shop,
    build_question,
    cold_targets,
    never_bought,
    read_shop,
    sample_rows,
    user_slices,
)
from components.settings import GateSettings
from schema import names
from schema.features import FeatureSet
from schema.windows import TimeWindows

METRICS_FILE = "metrics.json"
PREDICTIONS_FILE = "predictions.parquet"

Lists = dict[str, IntArray]


class Executor(base_executor.BaseExecutor):
    """Measures the composed system on the test window, decides, and blesses."""

    def Do(self, input_dict: Any, output_dict: Any, exec_properties: Any) -> None:  # noqa: N802
        """Writes `metrics.json`, `predictions.parquet` and the blessing."""
        windows = TimeWindows.from_json(exec_properties["windows"])
        features = FeatureSet.from_json(exec_properties["features"])
        examples = artifact_utils.get_single_uri(input_dict["examples"])
        model = ServedModel(
            path_utils.serving_model_path(artifact_utils.get_single_uri(input_dict["model"])),
            features,
            exec_properties["history_length"],
        )
        shop = read_shop(examples, artifact_utils.get_single_uri(input_dict["interactions"]))
        gates = GateSettings.from_json(exec_properties["gates"])
        table = sample_rows(
            read_split(examples, names.TEST), gates.most_test_queries, exec_properties["seed"]
        )
        test = build_question(shop, table, windows.test_start, names.TEST, model.exclusion)
        baselines = Path(artifact_utils.get_single_uri(input_dict["baselines"]))
        champion = find_champion(exec_properties["push_directory"], features, windows.test_start)
        answers = model.recommend(query_batches(table, features))
        users = texts(first_values(table, names.USER_ID)).combine_chunks()
        lists = {OURS: answers.codes(shop.product_ids), **read_lists(baselines, ALL, users, shop.product_ids)}
        if champion.model:
            lists[CHAMPION] = champion.model.recommend(query_batches(table, features)).codes(shop.product_ids)
        metrics = _measure(shop, test, lists, exec_properties["seed"])
        metrics |= _context(baselines, champion, answers)
        metrics["new_products_only"] = _new_products(
            shop,
            test,
            table,
            model,
            read_lists(baselines, NEW, users, shop.product_ids),
            champion,
            exec_properties["seed"],
        )
        decisions = decide(metrics["systems"], metrics["differences"], gates)
        metrics["gates"] = [decision.as_dict() for decision in decisions]
        metrics["blessed"] = all(decision.passed for decision in decisions)
        evaluation = Path(artifact_utils.get_single_uri(output_dict["evaluation"]))
        _write_predictions(evaluation / PREDICTIONS_FILE, table, answers)
        write_json(evaluation / METRICS_FILE, metrics)
        _bless(artifact_utils.get_single_instance(output_dict["blessing"]), metrics)


def _measure(shop: Shop, test: Question, lists: Lists, seed: int) -> dict[str, Any]:
    slices = slice_report(lists, test.targets, user_slices(test), seed)
    everybody = np.ones(len(test.users), np.bool_)
    slices |= slice_report(lists, cold_targets(test), {"cold_products": everybody}, seed)
    return {
        "window": names.TEST,
        **full_report(lists, test.targets, int(shop.available.sum()), seed),
        "slices": slices,
    }


def _new_products(
    shop: Shop,
    test: Question,
    table: pa.Table,
    model: ServedModel,
    baselines: Lists,
    champion: Champion,
    seed: int,
) -> dict[str, Any]:
    """The same systems asked for what the user never bought; every list goes without purchased products."""
    question = never_bought(test)

    def ask(served: ServedModel) -> IntArray:
        batches = query_batches(table, served.features)
        ranked = served.recommend(batches, exclude_purchased=True).codes(shop.product_ids)
        rows = np.broadcast_to(np.arange(len(ranked))[:, None], ranked.shape)
        return compact(ranked, (ranked >= 0) & ~question.excluded.contains(rows, ranked), TOP_K)

    lists = {OURS: ask(model), **baselines}
    if champion.model:
        lists[CHAMPION] = ask(champion.model)
    return full_report(lists, question.targets, int(shop.available.sum()), seed)


def _context(baselines: Path, champion: Champion, answers: Answers) -> dict[str, Any]:
    median, worst = np.quantile(answers.seconds, [0.5, 0.99]) * 1000
    latency = {
        "batch_p50_ms": float(median),
        "batch_p99_ms": float(worst),
        "queries_per_second": float(len(answers.product_ids) / answers.seconds.sum()),
    }
    tuning = json.loads((baselines / TUNING_FILE).read_text())
    settings = {name: questions[ALL]["settings"] for name, questions in tuning.items()}
    return {"baselines": settings, "champion": champion.as_dict(), "latency": latency}


def _write_predictions(path: Path, table: pa.Table, answers: Answers) -> None:
    rows, places = np.nonzero(answers.product_ids != b"")
    users = texts(first_values(table, names.USER_ID)).combine_chunks()
    content = pa.table(
        {
            names.USER_ID: users.take(pa.array(rows)),
            "rank": pa.array(places + 1, pa.int32()),
            names.PRODUCT_ID: pa.array(answers.product_ids[rows, places], pa.binary()).cast(pa.string()),
            "score": pa.array(answers.scores[rows, places], pa.float32()),
            "source": pa.array(answers.sources[rows, places], pa.binary()).cast(pa.string()),
        }
    )
    with whole_file(path) as temporary:
        pq.write_table(content, temporary)


def _bless(blessing: Any, metrics: Mapping[str, Any]) -> None:
    """As TFX's Evaluator does: an empty file and the custom property `blessed`."""
    blessed = bool(metrics["blessed"])
    directory = Path(blessing.uri)
    directory.mkdir(parents=True, exist_ok=True)
    (directory / ("BLESSED" if blessed else "NOT_BLESSED")).touch()
    failed = [gate["detail"] for gate in metrics["gates"] if not gate["passed"]]
    blessing.set_string_custom_property("blessing_message", " ".join(failed) or "Every gate passed.")
    blessing.set_int_custom_property("blessed", int(blessed))
