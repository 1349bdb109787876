"""Executor of the ServingValidator."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.compute as pc
import pyarrow.parquet as pq
from tfx.dsl.components.base import base_executor
from tfx.types import artifact_utils
from tfx.utils import path_utils

from components.evaluation.examples import first_values, queries, read_split, texts
from components.evaluation.served import BATCH_SIZE, TOP_K, ServedModel
from components.evaluation.verdicts import Verdict, failures
from components.serving_validator.agreement import Ranked, mismatch
from components.serving_validator.kernel_parity import compare_executors
from components.serving_validator.requests import ReplayError, encode_request, replay
from components.serving_validator.settings import ServingValidatorSettings
from components.settings import GateSettings
from schema import names
from schema.features import FeatureSet
from schema.files import write_json
from schema.served.blessing import INFRA, bless, is_of_classic
from schema.served.request import Query

NUM_REQUESTS = 100


class Executor(base_executor.BaseExecutor):
    """Serves the model from a fresh process, compares, measures, blesses; holds the kernel to the session."""

    def Do(self, input_dict: Any, output_dict: Any, exec_properties: Any) -> None:  # noqa: N802
        """Writes `validation.json` and the blessing."""
        settings = ServingValidatorSettings.from_properties(exec_properties)
        features, gates = settings.features, settings.gates
        predictions = _predictions_path(input_dict)
        sampled = sample(artifact_utils.get_single_uri(input_dict["examples"]), features, predictions)
        blessing_of_model = Path(artifact_utils.get_single_uri(input_dict["model_blessing"]))
        key = "classic_model" if is_of_classic(blessing_of_model) else "model"
        model = path_utils.serving_model_path(artifact_utils.get_single_uri(input_dict[key]))
        requests = [encode_request(query, features, settings.history_length, TOP_K) for query in sampled]
        # Loading here ends before the fresh process, which imports TensorFlow first, is asked anything.
        with ThreadPoolExecutor(1) as pool:
            loading = pool.submit(ServedModel, model, features, settings.history_length)
            try:
                report = replay(model, requests)
            except ReplayError as error:
                validation: dict[str, Any] = {
                    "blessed": False,
                    "reasons": [f"The model does not serve: {error}."],
                }
            else:
                served = loading.result()
                expected = (
                    read_predictions(predictions, sampled) if predictions else recommend_here(served, sampled)
                )
                validation = judge(sampled, expected, report, gates)
                validation[names.KERNEL_VERDICT] = compare_executors(served, sampled, settings.seed)
        blessing = artifact_utils.get_single_instance(output_dict["blessing"])
        write_json(Path(blessing.uri) / names.VALIDATION_FILE, validation)
        _bless(blessing, validation)


def _predictions_path(input_dict: Any) -> Path | None:
    if not input_dict.get("evaluation"):
        return None
    return Path(artifact_utils.get_single_uri(input_dict["evaluation"])) / "predictions.parquet"


def sample(examples_uri: str, features: FeatureSet, predictions: Path | None = None) -> list[Query]:
    """`NUM_REQUESTS` test queries, evenly spread; a smaller test split is gone through again.

    Only users with offline predictions are taken, if there are such.
    """
    table = read_split(examples_uri, names.TEST)
    if predictions is not None:
        known = pc.unique(pq.read_table(predictions, columns=[names.USER_ID])[names.USER_ID])
        table = table.filter(pc.is_in(texts(first_values(table, names.USER_ID)), known.cast("string")))
    chosen = np.linspace(0, len(table) - 1, min(NUM_REQUESTS, len(table))).round().astype(np.int64)
    found = queries(table.take(chosen), features)
    return [found[number % len(found)] for number in range(NUM_REQUESTS)]


def recommend_here(served: ServedModel, sampled: Sequence[Query]) -> dict[str, Ranked]:
    """The lists of the model as called in this process."""
    answers = served.recommend(
        sampled[start : start + BATCH_SIZE] for start in range(0, len(sampled), BATCH_SIZE)
    )
    lists: dict[str, Ranked] = {}
    for query, products, scores in zip(sampled, answers.product_ids, answers.scores, strict=True):
        pairs = [
            (product.decode(), float(score))
            for product, score in zip(products, scores, strict=True)
            if product
        ]
        lists[query.user_id] = ([product for product, _ in pairs], [score for _, score in pairs])
    return lists


def read_predictions(path: Path, sampled: Sequence[Query]) -> dict[str, Ranked]:
    """The offline lists of the users of the queries."""
    users = list({query.user_id for query in sampled})
    table = pq.read_table(path, filters=pc.field(names.USER_ID).isin(users))
    lists: dict[str, tuple[list[str], list[float]]] = {user: ([], []) for user in users}
    ordered = table.sort_by([(names.USER_ID, "ascending"), ("rank", "ascending")])
    columns = (ordered[name].to_pylist() for name in (names.USER_ID, names.PRODUCT_ID, "score"))
    for user, product, score in zip(*columns, strict=True):
        lists[user][0].append(product)
        lists[user][1].append(score)
    return dict(lists)


def judge(
    sampled: Sequence[Query],
    predictions: Mapping[str, Ranked],
    report: Mapping[str, Any],
    gates: GateSettings,
) -> dict[str, Any]:
    """Compares the replayed answers with the offline ones, and the latency with its gate.

    Single answers may differ: of products whose scores are all but equal, rounding decides which is the
    last candidate, and a batch of another size rounds differently.
    """
    different = []
    for query, answer in zip(sampled, report["answers"], strict=True):
        served = [
            (product, score)
            for product, score in zip(answer["product_ids"], answer["scores"], strict=True)
            if product
        ]
        pair = ([product for product, _ in served], [score for _, score in served])
        difference = mismatch(predictions[query.user_id], pair)
        if difference:
            different.append(f"user {query.user_id!r}: {difference}")
    first, *later = report["latencies_ms"]
    p50, p99 = (float(value) for value in np.quantile(later, [0.5, 0.99]))
    verdicts = (_parity(different, len(sampled), gates), _latency(p99, gates))
    return {
        "blessed": not any(verdict.stops for verdict in verdicts),
        "reasons": failures(verdicts),
        "gates": [verdict.as_gate() for verdict in verdicts],
        "num_requests": len(sampled),
        "num_different": len(different),
        "different": different,
        "load_seconds": report["load_seconds"],
        "resident_mb": report["resident_mb"],
        "latency_ms": {"first": first, "p50": p50, "p99": p99, "threshold": gates.max_latency_ms},
    }


def _parity(different: Sequence[str], num_requests: int, gates: GateSettings) -> Verdict:
    most = gates.max_different_answers
    passed = len(different) <= most * num_requests
    sentence = f"{len(different)} of {num_requests} answers differ from the offline ones" + (
        "." if passed else f", more than `gates.max_different_answers` allows, first of {different[0]}."
    )
    return Verdict("max_different_answers", passed, len(different) / num_requests, most, sentence)


def _latency(p99: float, gates: GateSettings) -> Verdict:
    passed, most = p99 <= gates.max_latency_ms, gates.max_latency_ms
    relation = "within" if passed else "above"
    sentence = f"p99 of the latency, {p99:.1f} ms, is {relation} `gates.max_latency_ms`, {most:g} ms."
    return Verdict("max_latency_ms", passed, p99, most, sentence)


def _bless(blessing: Any, validation: Mapping[str, Any]) -> None:
    message = " ".join(validation["reasons"]) or "The served answers are those of the evaluation."
    bless(blessing, bool(validation["blessed"]), message, INFRA)
