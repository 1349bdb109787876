"""What a trained variant does on the eval window: one value per query of each metric."""

from __future__ import annotations

import gc
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import tensorflow as tf

import trainer.ranking.run
import trainer.retrieval.run
from benchmarks.ablation.finished_run import FinishedRun
from components.evaluation.beyond_accuracy import coverage
from components.evaluation.lists import CodeLists, FloatArray, IntArray
from components.evaluation.metrics import user_scores
from schema import names
from schema.settings import Settings
from schema.tensors.transformed import candidate_spec, dense_candidates, read_rows
from trainer.retrieval.queries import query_batches, read_queries
from trainer.shared.catalog import read_product_table

_BATCH = 128
_TOP_K = 100

Measured = dict[str, FloatArray]
"""Metric -> one value per query, NaN where nothing was asked; coverage has one value for all."""


def measure_retrieval(run: FinishedRun, settings: Settings, seed: int) -> Measured:
    """Recall@100 of the towers alone over the full catalogue: of all targets, and of the new ones."""
    with trained(
        trainer.retrieval.run.run_fn, run, run.examples, seed, {"retrieval": settings.to_json()}
    ) as model:
        catalog = model.signatures["candidates"]()["embeddings"].numpy()
        queries = read_queries([run.files(run.examples, names.EVAL)], run.features)
        batches = query_batches(queries, run.features, run.split.retrieval_history_length, _BATCH)
        vectors = [
            call(model.signatures["serving_default"], batch)[names.QUERY_EMBEDDING].numpy()
            for batch in batches
        ]
    scores = np.concatenate(vectors) @ catalog.T
    targets, history = (
        CodeLists.from_ragged(queries[name]) for name in (names.TARGET_INDEX, names.HISTORY_INDEX)
    )
    everything = user_scores(best(scores), targets)["recall@100"]
    scores[history.rows, history.codes] = -np.inf
    new = user_scores(best(scores), targets.without(history))["recall@100"]
    return {"recall@100": everything, "recall@100, new": new}


def measure_ranking(run: FinishedRun, settings: Settings, seed: int) -> Measured:
    """NDCG@10 of the ranker given the candidates, of all targets and of the new ones, and its coverage."""
    scores: dict[str, list[FloatArray]] = {"ndcg@10": [], "ndcg@10, new": []}
    shown = []
    with trained(
        trainer.ranking.run.run_fn, run, run.candidates, seed, {"ranking": settings.to_json()}
    ) as model:
        for codes, values, targets, history in _scored(run, model):
            ranked = best(values, codes)
            shown.append(ranked)
            scores["ndcg@10"].append(user_scores(ranked, targets)["ndcg@10"])
            rows = np.broadcast_to(np.arange(len(codes))[:, None], codes.shape)
            new = best(np.where(history.contains(rows, codes), -np.inf, values), codes)
            scores["ndcg@10, new"].append(user_scores(new, targets.without(history))["ndcg@10"])
    table = read_product_table([run.files(run.candidates, names.CATALOG)], run.features)
    share = coverage(np.concatenate(shown), int(table.available.sum()), 10)
    return {name: np.concatenate(parts) for name, parts in scores.items()} | {
        "coverage@10": np.array([share])
    }


def _scored(run: FinishedRun, model: Any) -> Iterator[tuple[IntArray, FloatArray, CodeLists, CodeLists]]:
    """Candidates, their scores, the targets and the history of each batch of eval queries."""
    spec = candidate_spec(run.features)
    for rows in read_rows([run.files(run.candidates, names.EVAL)], spec, _BATCH):
        dense = dense_candidates(rows, run.features)
        codes = dense[names.CANDIDATE_INDEX].numpy()
        scores = call(model.signatures[names.RANK], dense)["scores"].numpy().astype(np.float64)
        lengths = rows[names.CANDIDATE_INDEX].row_lengths().numpy()
        scores[np.arange(codes.shape[1]) >= lengths[:, None]] = -np.inf
        yield (
            codes,
            scores,
            CodeLists.from_ragged(rows[names.TARGET_INDEX]),
            CodeLists.from_ragged(rows[names.HISTORY_INDEX]),
        )


def best(scores: FloatArray, codes: IntArray | None = None) -> IntArray:
    """The first `_TOP_K` of each row by score, -1 where a score is minus infinity.

    Args:
        scores: `[queries, candidates]`.
        codes: Product of each score; by default its column.
    """
    count = min(_TOP_K, scores.shape[1])
    top = np.argpartition(-scores, count - 1, axis=1)[:, :count]
    values = np.take_along_axis(scores, top, axis=1)
    order = np.argsort(-values, axis=1, kind="stable")
    top = np.take_along_axis(top, order, axis=1)
    found = top if codes is None else np.take_along_axis(codes, top, axis=1)
    return np.where(np.isfinite(np.take_along_axis(values, order, axis=1)), found, -1)


@contextmanager
def trained(
    run_fn: Callable[[Any], None],
    run: FinishedRun,
    examples: Path,
    seed: int,
    settings: Mapping[str, str],
) -> Iterator[Any]:
    """Trains, and yields the exported SavedModel; its files are gone afterwards.

    Args:
        run_fn: Of a trainer.
        run: The finished run.
        examples: The trainer's examples.
        seed: Seed of everything random.
        settings: The trainer's own part of `custom_config`, as JSON.
    """
    tf.keras.backend.clear_session()
    gc.collect()
    with tempfile.TemporaryDirectory(prefix="towerline-ablation-") as folder:
        run_fn(
            SimpleNamespace(
                custom_config=run.trainer_config(seed) | dict(settings),
                train_files=[run.files(examples, names.TRAIN), run.files(examples, names.CATALOG)],
                eval_files=[run.files(examples, names.EVAL)],
                transform_graph_path=str(run.transform_graph),
                serving_model_dir=str(Path(folder, "model")),
                base_model=str(run.retrieval_model),
            )
        )
        yield tf.saved_model.load(str(Path(folder, "model")))


def call(signature: Any, tensors: Mapping[str, Any]) -> Any:
    """Calls a signature with those of `tensors` that it asks for."""
    specs = signature.structured_input_signature[1]
    return signature(**{name: tensors[name] for name in specs})
