"""The models that train in turn, each ready to be fitted for some steps."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import tensorflow as tf

from benchmarks.ablation.finished_run import FinishedRun
from benchmarks.training.inputs import Inputs, read_inputs
from benchmarks.training.naming import OURS, SAME_PAIRS, SAME_QUERIES
from benchmarks.training.plain import build_plain, plain_batches
from schema import names
from trainer.retrieval.queries import query_batches, target_shares
from trainer.retrieval.run import build_model
from trainer.settings import RetrievalSettings
from trainer.shared.catalog import read_product_table

_WARM_UP_STEPS = 3


@dataclass(frozen=True)
class Contestant:
    """A compiled model and its batches.

    Attributes:
        model: A Keras model.
        batches: Those of one round.
        pairs_per_step: Queries with a target that one step trains on.
    """

    model: Any
    batches: tf.data.Dataset
    pairs_per_step: int

    def warm_up(self) -> None:
        """Traces the step, and fills the caches of batches."""
        for _ in self.batches:
            pass
        self.model.fit(self.batches.take(_WARM_UP_STEPS), verbose=0)

    def fit(self) -> float:
        """Fits all batches once; seconds."""
        start = time.perf_counter()
        self.model.fit(self.batches, verbose=0)
        return time.perf_counter() - start


def build(name: str, run: FinishedRun, num_steps: int, seed: int) -> Contestant:
    """Builds a contestant by its name."""
    tf.keras.utils.set_random_seed(seed)
    return _BUILDERS[name](read_inputs(run, RetrievalSettings(), seed), num_steps)


def _ours(inputs: Inputs, num_steps: int) -> Contestant:
    arguments, settings = inputs.arguments, inputs.settings
    table = read_product_table(arguments.split_files[names.CATALOG], arguments.features)
    batches = query_batches(
        inputs.queries,
        arguments.features,
        arguments.split.retrieval_history_length,
        inputs.batch_size,
        shuffle_seed=arguments.seed,
    )
    model = build_model(arguments, settings, table, target_shares(inputs.queries, table.size))
    return Contestant(model, batches.repeat().take(num_steps), inputs.batch_size * settings.targets_per_query)


def _plain(inputs: Inputs, num_steps: int, pairs: int) -> Contestant:
    return Contestant(build_plain(inputs), plain_batches(inputs, pairs, num_steps), pairs)


_BUILDERS: dict[str, Callable[[Inputs, int], Contestant]] = {
    OURS: _ours,
    SAME_QUERIES: lambda inputs, steps: _plain(inputs, steps, inputs.batch_size),
    SAME_PAIRS: lambda inputs, steps: _plain(
        inputs, steps, inputs.batch_size * inputs.settings.targets_per_query
    ),
}
