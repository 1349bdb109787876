"""Trains a variant with the trainers' own `run_fn`, and gives the exported model."""

from __future__ import annotations

import gc
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import tensorflow as tf

from benchmarks.ablation.finished_run import FinishedRun
from schema import names


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
    asked = signature.structured_input_signature[1]
    return signature(**{name: tensors[name] for name in asked})
