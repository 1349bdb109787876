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

from components.evaluation.baselines.base import EvaluationSet
from components.evaluation.baselines.lists import TUNING_FILE, read_lists
from components.evaluation.baselines.registry import ALL, NEW
from components.evaluation.beyond_accuracy import ProductFacts
from components.evaluation.bootstrap import intervals
from components.evaluation.evaluation_sets import (
    Shop,
    build_evaluation_set,
    never_bought,
    read_shop,
    sample_rows,
)
from components.evaluation.examples import first_values, read_split, texts
from components.evaluation.gates import CHAMPION, OURS, decide
from components.evaluation.lists import CodeLists, IntArray, compact
from components.evaluation.metrics import hits, recall
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
from schema.features import FeatureSet
from schema.files import whole_file, write_json
from schema.served.blessing import bless

METRICS_FILE = "metrics.json"
PREDICTIONS_FILE = "predictions.parquet"

_MAX_STAGE_QUERIES = 1000

LENGTH = 100


@dataclass(frozen=True)
class Evaluation:
    """What is measured, and what it is measured with.

    Attributes:
        shop: The catalogue and the events.
        table: Rows of the test split.
        users: Their ids.
        eval_set: Users, targets and exclusions.
        facts: Of the products.
        category_names: Values of the products' category by code.
        features: Feature columns.
        seed: Of the bootstrap and of samples.
    """

    shop: Shop
    table: pa.Table
    users: pa.Array
    eval_set: EvaluationSet
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
        evaluation = _prepare(input_dict, settings, model)
        baselines = Path(artifact_utils.get_single_uri(input_dict["baselines"]))
        champion = find_champion(settings.push_directory, features, settings.windows.test_start)
        judged = _judge(evaluation, model, champion, baselines, gates)
        classic = _saved_model(input_dict, "classic_model")
        if not judged.metrics["blessed"] and Path(classic, "saved_model.pb").is_file():
            instead = _judge(evaluation, ServedModel(classic, features, length), champion, baselines, gates)
            judged = with_fallback(judged, instead)
        folder = Path(artifact_utils.get_single_uri(output_dict["evaluation"]))
        _write_predictions(folder / PREDICTIONS_FILE, evaluation.users, judged.answers)
        write_json(folder / METRICS_FILE, judged.metrics)
        _bless(artifact_utils.get_single_instance(output_dict["blessing"]), judged.metrics)


def _saved_model(inputs: Any, key: str) -> str:
    path: str = path_utils.serving_model_path(artifact_utils.get_single_uri(inputs[key]))
    return path


def _judge(
    evaluation: Evaluation, model: ServedModel, champion: Champion, baselines: Path, gates: GateSettings
) -> Judged:
    """Measures a model and applies the gates."""
    answers = model.recommend(query_batches(evaluation.table, evaluation.features))
    metrics = {
        "window": names.TEST,
        **_everything(evaluation, model, answers, champion, baselines),
        "new_products_only": _new_products(evaluation, model, champion, baselines),
        "new_for_you": _new_for_you(evaluation, model),
        **_context(baselines, champion, answers, evaluation.facts),
    }
    verdicts = decide(metrics, gates)
    metrics["gates"] = [verdict.as_gate() for verdict in verdicts]
    metrics["blessed"] = not any(verdict.stops for verdict in verdicts)
    metrics["classic"] = model.metadata.get("classic")
    return Judged(metrics, answers)


def _prepare(inputs: Any, settings: RecommenderEvaluatorSettings, model: ServedModel) -> Evaluation:
    features, seed = settings.features, settings.seed
    examples = artifact_utils.get_single_uri(inputs["examples"])
    shop = read_shop(examples, artifact_utils.get_single_uri(inputs["interactions"]))
    table = sample_rows(read_split(examples, names.TEST), settings.gates.max_test_queries, seed)
    eval_set = build_evaluation_set(shop, table, settings.windows.test_start, names.TEST, model.exclusion)
    embeddings = read_embeddings(
        Path(artifact_utils.get_single_uri(inputs["index"])),
        artifact_utils.get_single_uri(inputs["transform_graph"]),
        shop.product_ids,
    )
    facts, category_names = product_facts(shop.catalog, features, eval_set.past, embeddings)
    users = texts(first_values(table, names.USER_ID)).combine_chunks()
    return Evaluation(shop, table, users, eval_set, facts, category_names, features, seed)


def _everything(
    evaluation: Evaluation, model: ServedModel, answers: Answers, champion: Champion, baselines: Path
) -> dict[str, Any]:
    """The evaluation set as it is served: systems, differences, slices and the loss of each stage."""
    ids, eval_set = evaluation.shop.product_ids, evaluation.eval_set
    lists = {OURS: answers.codes(ids), **read_lists(baselines, ALL, evaluation.users, ids)}
    if champion.model:
        batches = query_batches(evaluation.table, champion.model.features)
        lists[CHAMPION] = champion.model.recommend(batches).codes(ids)
    purchased = eval_set.past.purchased(eval_set.users)
    slices = make_slices(
        eval_set, evaluation.table, evaluation.facts, evaluation.category_names, evaluation.features
    )
    return {
        **full_report(lists, eval_set.targets, purchased, evaluation.facts, evaluation.seed),
        "slices": slice_report(lists, slices, evaluation.seed),
        **_inside(evaluation, model, lists[OURS], purchased),
    }


def _inside(
    evaluation: Evaluation, model: ServedModel, recommended: IntArray, purchased: CodeLists
) -> dict[str, Any]:
    """The loss of each stage and the price of diversity on a sample of the queries, ranked once more."""
    chosen = np.zeros(len(evaluation.table), np.bool_)
    random = np.random.default_rng(evaluation.seed)
    chosen[random.permutation(len(chosen))[:_MAX_STAGE_QUERIES]] = True
    batches = query_batches(evaluation.table.filter(pa.array(chosen)), evaluation.features)
    candidates, adjusted = model.ranked_candidates(batches, evaluation.shop.product_ids)
    targets = evaluation.eval_set.targets.select(chosen)
    columns = catalogue_columns(
        evaluation.shop.catalog, evaluation.features, evaluation.shop.product_ids.to_pylist()
    )
    return {
        "stages": stage_losses(candidates, recommended[chosen], targets, evaluation.seed),
        "diversity_curve": diversity_curve(
            candidates,
            adjusted,
            targets,
            purchased.select(chosen),
            evaluation.facts,
            category_codes(columns, evaluation.features),
            Diversity(
                float(model.metadata.get("diversity", 0.0)),
                str(model.metadata.get("post_ranking", {}).get("diversity_method", "mmr")),
            ),
        ),
    }


def _new_products(
    evaluation: Evaluation, model: ServedModel, champion: Champion, baselines: Path
) -> dict[str, Any]:
    """The same systems on what the user never bought; every list goes without purchased products."""
    eval_set = never_bought(evaluation.eval_set)

    def recommend(served: ServedModel) -> IntArray:
        batches = query_batches(evaluation.table, served.features)
        ranked = served.recommend(batches, exclude_purchased=True).codes(evaluation.shop.product_ids)
        rows = np.broadcast_to(np.arange(len(ranked))[:, None], ranked.shape)
        return compact(ranked, (ranked >= 0) & ~eval_set.excluded.contains(rows, ranked), TOP_K)

    lists = {
        OURS: recommend(model),
        **read_lists(baselines, NEW, evaluation.users, evaluation.shop.product_ids),
    }
    if champion.model:
        lists[CHAMPION] = recommend(champion.model)
    return full_report(lists, eval_set.targets, eval_set.excluded, evaluation.facts, evaluation.seed)


def _new_for_you(evaluation: Evaluation, model: ServedModel) -> dict[str, Any]:
    batches = query_batches(evaluation.table, evaluation.features)
    ranked = model.new_for_you(batches, evaluation.shop.product_ids, LENGTH)
    sold = evaluation.facts.num_buyers > 0
    return measure_new_for_you(ranked, evaluation.eval_set.targets, sold, evaluation.seed)


def _context(baselines: Path, champion: Champion, answers: Answers, facts: ProductFacts) -> dict[str, Any]:
    median, worst = np.quantile(answers.seconds, [0.5, 0.99]) * 1000
    latency = {
        "batch_p50_ms": float(median),
        "batch_p99_ms": float(worst),
        "queries_per_second": float(len(answers.product_ids) / answers.seconds.sum()),
    }
    tuning = json.loads((baselines / TUNING_FILE).read_text())
    settings = {name: eval_sets[ALL]["settings"] for name, eval_sets in tuning.items()}
    return {
        "baselines": settings,
        "champion": champion.as_dict(),
        "latency": latency,
        "category": facts.category_column,
    }


def _write_predictions(path: Path, users: pa.Array, answers: Answers) -> None:
    rows, ranks = np.nonzero(answers.product_ids != b"")
    content = pa.table(
        {
            names.USER_ID: users.take(pa.array(rows)),
            "rank": pa.array(ranks + 1, pa.int32()),
            names.PRODUCT_ID: pa.array(answers.product_ids[rows, ranks], pa.binary()).cast(pa.string()),
            "score": pa.array(answers.scores[rows, ranks], pa.float32()),
            "source": pa.array(answers.sources[rows, ranks], pa.binary()).cast(pa.string()),
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


def measure_new_for_you(ranked: IntArray, targets: CodeLists, sold: np.ndarray, seed: int) -> dict[str, Any]:
    """Recall of the first hundred, of the users who bought something that nobody had bought before.

    Args:
        ranked: Codes of products, best first, -1 pads `[queries, 100]`.
        targets: Of each query.
        sold: Whether somebody had bought a product before the window `[products]`.
        seed: Of the bootstrap.
    """
    of_new = targets.where(~sold[targets.codes])
    has_targets = of_new.lengths > 0
    if not has_targets.any():
        return {"num_queries": 0}
    values = recall(hits(ranked, of_new), np.maximum(of_new.lengths, 1), LENGTH)[has_targets]
    key = f"recall@{LENGTH}"
    return {"num_queries": int(has_targets.sum()), key: intervals({key: values}, seed)[key].as_dict()}
