"""What all contestants train on: the queries of a finished run, read as our trainer reads them."""

from __future__ import annotations

from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import numpy as np
import tensorflow as tf

from benchmarks.ablation.finished_run import FinishedRun
from schema import names
from schema.tensors.transformed import catalog_spec, read_rows
from trainer.retrieval.queries import num_queries, read_queries
from trainer.settings import RetrievalSettings
from trainer.shared.arguments import TrainerArguments, parse_arguments
from trainer.shared.fitting import suitable_batch_size


@dataclass(frozen=True)
class Inputs:
    """Queries in memory.

    Attributes:
        arguments: As the trainer resolves them.
        settings: Of the retrieval model.
        queries: Parsed columns, ragged.
        batch_size: Queries of one step.
    """

    arguments: TrainerArguments
    settings: RetrievalSettings
    queries: dict[str, Any]
    batch_size: int


def read_inputs(run: FinishedRun, settings: RetrievalSettings, seed: int) -> Inputs:
    """Reads the training queries; the batch size is the trainer's own choice."""
    arguments = parse_arguments(
        SimpleNamespace(
            custom_config=run.trainer_config(seed),
            train_files=[run.files(run.examples, names.TRAIN), run.files(run.examples, names.CATALOG)],
            eval_files=[],
            transform_graph_path=str(run.transform_graph),
            serving_model_dir="",
        )
    )
    queries = read_queries(
        arguments.split_files[names.TRAIN],
        arguments.features,
        arguments.split.retrieval_history_length,
        targets_end_by=arguments.windows.retrieval_end,
    )
    batch_size = suitable_batch_size(num_queries(queries), settings.batch_size, least=16)
    return Inputs(arguments, settings, queries, batch_size)


def product_ids(arguments: TrainerArguments) -> np.ndarray:
    """Ids of all products of the catalogue, by index, strings `[products]`."""
    spec = catalog_spec(arguments.features)
    id_spec = {name: spec[name] for name in (names.PRODUCT_ID, names.PRODUCT_INDEX)}
    rows = list(read_rows(arguments.split_files[names.CATALOG], id_spec, 8192))
    ids, index = (
        tf.concat([row[name] for row in rows], axis=0).numpy()
        for name in (names.PRODUCT_ID, names.PRODUCT_INDEX)
    )
    order = np.argsort(index, kind="stable")
    ordered: np.ndarray = ids[order][index[order] >= 0]
    return ordered
