"""Executor of the RecommenderEvaluator."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from tfx.dsl.components.base import base_executor
from tfx.types import artifact_utils
from tfx.utils import path_utils

from components.evaluation.baselines.base import Question
from components.evaluation.baselines.lists import TUNING_FILE, read_lists
from components.evaluation.baselines.tuning import ALL, NEW
from components.evaluation.beyond_accuracy import ProductFacts
from components.evaluation.examples import first_values, read_split, texts
from components.evaluation.gates import CHAMPION, OURS, decide
from components.evaluation.lists import CodeLists, IntArray, compact
from components.evaluation.questions import (
    Shop,
    build_question,
    never_bought,
    read_shop,
    sample_rows,
)
from components.evaluation.report import full_report, slice_report
from components.evaluation.served import TOP_K, Answers, ServedModel, query_batches
from components.recommender.post_ranking.compiled_rules import catalogue_columns
from components.recommender.post_ranking.diversity import Diversity
from components.recommender.post_ranking.stages import category_codes
from components.recommender_evaluator.champion import Champion, find_champion
from components.recommender_evaluator.diversity_curve import diversity_curve
from components.recommender_evaluator.fallback import Judged, reasons, with_fallback
from components.recommender_evaluator.product_facts import product_facts, read_embeddings
from components.recommender_evaluator.settings import RecommenderEvaluatorSettings
from components.recommender_evaluator.slices import make_slices
from components.recommender_evaluator.stage_losses import stage_losses
from components.settings import GateSettings
from schema import names
from schema.blessing import bless
from schema.features import FeatureSet
from schema.files import whole_file, write_json

METRICS_FILE = "metrics.json"
PREDICTIONS_FILE = "predictions.parquet"

_MOST_STAGE_QUERIES = 1000


@dataclass(frozen=True)
class Asked:
    """What is measured, and what it is measured with.

    Attributes:
        shop: The catalogue and the events.
        table: Rows of the test split.
        users: Their ids.
        question: What is asked of every system.
        facts: Of the products.
        category_names: Values of the products' category by code.
        features: Feature columns.
        seed: Of the bootstrap and of samples.
    """

    shop: Shop
    table: pa.Table
    users: pa.Array
    question: Question
    facts: ProductFacts
    category_names: pa.Array
    features: FeatureSet
    seed: int


class Executor(base_executor.BaseExecutor):
    """Measures the composed system on the test window, decides, and blesses."""

    def Do(self, input_dict: Any, output_dict: Any, exec_properties: Any) -> None:  # noqa: N802
        """Writes `metrics.json`, `predictions.parquet` and the blessing."""
        settings = RecommenderEvaluatorSettings.from_properties(exec_properties)
        features, gates, length = settings.features, settings.gates, settings.history_length
        model = ServedModel(_saved_model(input_dict, "model"), features, length)
        asked = _ask(input_dict, settings, model)
        baselines = Path(artifact_utils.get_single_uri(input_dict["baselines"]))
        champion = find_champion(settings.push_directory, features, settings.windows.test_start)
        judged = _judge(asked, model, champion, baselines, gates)
        classic = _saved_model(input_dict, "classic_model")
        if not judged.metrics["blessed"] and Path(classic, "saved_model.pb").is_file():
            instead = _judge(asked, ServedModel(classic, features, length), champion, baselines, gates)
            judged = with_fallback(judged, instead)
        evaluation = Path(artifact_utils.get_single_uri(output_dict["evaluation"]))
        _write_predictions(evaluation / PREDICTIONS_FILE, asked.users, judged.answers)
        write_json(evaluation / METRICS_FILE, judged.metrics)
        _bless(artifact_utils.get_single_instance(output_dict["blessing"]), judged.metrics)


def _saved_model(inputs: Any, key: str) -> str:
    path: str = path_utils.serving_model_path(artifact_utils.get_single_uri(inputs[key]))
    return path


def _judge(
    asked: Asked, model: ServedModel, champion: Champion, baselines: Path, gates: GateSettings
) -> Judged:
    """Measures a model and asks the gates."""
    answers = model.recommend(query_batches(asked.table, asked.features))
    metrics = {
        "window": names.TEST,
        **_everything(asked, model, answers, champion, baselines),
        "new_products_only": _new_products(asked, model, champion, baselines),
        **_context(baselines, champion, answers, asked.facts),
    }
    verdicts = decide(metrics, gates)
    metrics["gates"] = [verdict.as_gate() for verdict in verdicts]
    metrics["blessed"] = not any(verdict.stops for verdict in verdicts)
    metrics["classic"] = model.metadata.get("classic")
    return Judged(metrics, answers)


def _ask(inputs: Any, settings: RecommenderEvaluatorSettings, model: ServedModel) -> Asked:
    features, seed = settings.features, settings.seed
    examples = artifact_utils.get_single_uri(inputs["examples"])
    shop = read_shop(examples, artifact_utils.get_single_uri(inputs["interactions"]))
    table = sample_rows(read_split(examples, names.TEST), settings.gates.max_test_queries, seed)
    question = build_question(shop, table, settings.windows.test_start, names.TEST, model.exclusion)
    embeddings = read_embeddings(
        Path(artifact_utils.get_single_uri(inputs["index"])),
        artifact_utils.get_single_uri(inputs["transform_graph"]),
        shop.product_ids,
    )
    facts, category_names = product_facts(shop.catalog, features, question.past, embeddings)
    users = texts(first_values(table, names.USER_ID)).combine_chunks()
    return Asked(shop, table, users, question, facts, category_names, features, seed)


def _everything(
    asked: Asked, model: ServedModel, answers: Answers, champion: Champion, baselines: Path
) -> dict[str, Any]:
    """The question as it is served: systems, differences, slices and the loss of each stage."""
    ids, question = asked.shop.product_ids, asked.question
    lists = {OURS: answers.codes(ids), **read_lists(baselines, ALL, asked.users, ids)}
    if champion.model:
        batches = query_batches(asked.table, champion.model.features)
        lists[CHAMPION] = champion.model.recommend(batches).codes(ids)
    purchased = question.past.purchased(question.users)
    slices = make_slices(question, asked.table, asked.facts, asked.category_names, asked.features)
    return {
        **full_report(lists, question.targets, purchased, asked.facts, asked.seed),
        "slices": slice_report(lists, slices, asked.seed),
        **_inside(asked, model, lists[OURS], purchased),
    }


def _inside(asked: Asked, model: ServedModel, recommended: IntArray, purchased: CodeLists) -> dict[str, Any]:
    """The loss of each stage and the price of diversity on a sample of the queries, asked once more."""
    chosen = np.zeros(len(asked.table), np.bool_)
    random = np.random.default_rng(asked.seed)
    chosen[random.permutation(len(chosen))[:_MOST_STAGE_QUERIES]] = True
    batches = query_batches(asked.table.filter(pa.array(chosen)), asked.features)
    candidates, adjusted = model.ranked_candidates(batches, asked.shop.product_ids)
    targets = asked.question.targets.select(chosen)
    columns = catalogue_columns(asked.shop.catalog, asked.features, asked.shop.product_ids.to_pylist())
    return {
        "stages": stage_losses(candidates, recommended[chosen], targets, asked.seed),
        "diversity_curve": diversity_curve(
            candidates,
            adjusted,
            targets,
            purchased.select(chosen),
            asked.facts,
            category_codes(columns, asked.features),
            Diversity(
                float(model.metadata.get("diversity", 0.0)),
                str(model.metadata.get("post_ranking", {}).get("diversity_method", "mmr")),
            ),
        ),
    }


def _new_products(asked: Asked, model: ServedModel, champion: Champion, baselines: Path) -> dict[str, Any]:
    """The same systems asked for what the user never bought; every list goes without purchased products."""
    question = never_bought(asked.question)

    def ask(served: ServedModel) -> IntArray:
        batches = query_batches(asked.table, served.features)
        ranked = served.recommend(batches, exclude_purchased=True).codes(asked.shop.product_ids)
        rows = np.broadcast_to(np.arange(len(ranked))[:, None], ranked.shape)
        return compact(ranked, (ranked >= 0) & ~question.excluded.contains(rows, ranked), TOP_K)

    lists = {OURS: ask(model), **read_lists(baselines, NEW, asked.users, asked.shop.product_ids)}
    if champion.model:
        lists[CHAMPION] = ask(champion.model)
    return full_report(lists, question.targets, question.excluded, asked.facts, asked.seed)


def _context(baselines: Path, champion: Champion, answers: Answers, facts: ProductFacts) -> dict[str, Any]:
    median, worst = np.quantile(answers.seconds, [0.5, 0.99]) * 1000
    latency = {
        "batch_p50_ms": float(median),
        "batch_p99_ms": float(worst),
        "queries_per_second": float(len(answers.product_ids) / answers.seconds.sum()),
    }
    tuning = json.loads((baselines / TUNING_FILE).read_text())
    settings = {name: questions[ALL]["settings"] for name, questions in tuning.items()}
    return {
        "baselines": settings,
        "champion": champion.as_dict(),
        "latency": latency,
        "category": facts.category_column,
    }


def _write_predictions(path: Path, users: pa.Array, answers: Answers) -> None:
    rows, places = np.nonzero(answers.product_ids != b"")
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
    failed = " ".join(reasons(metrics))
    message = failed or "Every gate passed."
    if metrics.get("refused_model"):
        message = f"Every gate passed by the baseline {metrics['classic']}, in place of the refused model."
    bless(blessing, bool(metrics["blessed"]), message, of_classic=bool(metrics.get("refused_model")))
