"""Training by several replicas: the accelerators of a machine, or processes that know each other.

Every replica takes its share of each batch and sums the gradients with the others. Adam's step does not
depend on the scale of the gradients, so a sum is as good as a mean. In-batch negatives are those of the
replica's own share.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import tensorflow as tf

from schema.errors import UserError
from trainer.shared.rendezvous import CLUSTER_VARIABLE, Meeting


@dataclass(frozen=True)
class SpreadBatches:
    """Batches of one epoch as `tf.distribute` hands them out.

    Attributes:
        dataset: What Keras fits on.
        steps: Steps of an epoch; the same in every worker.
    """

    dataset: Any
    steps: int


@dataclass(frozen=True)
class Workers:
    """Those who train one model together.

    Attributes:
        strategy: Theirs; TensorFlow's default if there is but one replica.
        index: Index of this process among them.
        count: Number of processes.
    """

    strategy: Any
    index: int = 0
    count: int = 1

    @classmethod
    def of(cls, distribution: str, run_fn: str = "", fn_args: Any = None) -> Workers:
        """Finds the workers.

        Args:
            distribution: `none`, `mirrored` or `multi_worker`.
            run_fn: Dotted path of the calling function, which further pods are told to call.
            fn_args: What it was given.

        Raises:
            UserError: `multi_worker` without a cluster in the environment.
        """
        if distribution == "none":
            return cls(tf.distribute.get_strategy())
        if distribution == "mirrored":
            return cls(tf.distribute.MirroredStrategy())
        meeting = Meeting.of_environment()
        if meeting and CLUSTER_VARIABLE not in os.environ:
            meeting.lead(run_fn, fn_args)
        index, count = _task_index()
        return cls(tf.distribute.MultiWorkerMirroredStrategy(), index, count)

    @property
    def num_replicas(self) -> int:
        """Replicas of all processes."""
        return int(self.strategy.num_replicas_in_sync)

    def batch_size(self, of_all: int) -> int:
        """Rows of a replica's share of a batch."""
        return max(of_all // self.num_replicas, 1)

    def spread(self, batches: tf.data.Dataset) -> tf.data.Dataset | SpreadBatches:
        """Hands each replica every so-manieth batch; all workers must have the same order of batches.

        Args:
            batches: Batches of `batch_size` rows. What is left over of a whole round is left out.
        """
        replicas = self.num_replicas
        if replicas == 1 and self.count == 1:
            return batches
        steps = int(batches.cardinality()) // replicas
        if steps < 1:
            raise UserError(
                f"There are fewer batches than replicas. Received: {int(batches.cardinality())} batches for "
                f"{replicas} replicas. Remedy: a smaller `batch_size`, or fewer workers."
            )
        local = replicas // self.count

        def of_worker(_: Any) -> tf.data.Dataset:
            numbered = batches.take(steps * replicas).enumerate()
            mine = numbered.filter(lambda number, _: (number % replicas) // local == self.index)
            return mine.map(lambda _, batch: batch)

        return SpreadBatches(self.strategy.distribute_datasets_from_function(of_worker), steps)

    def agreed(self, measure: Callable[[], float]) -> Callable[[], float]:
        """Makes all workers go by one value, so that none stops earlier than the others."""
        if self.count == 1:
            return measure

        own = tf.function(tf.identity)

        def mean() -> float:
            values = self.strategy.run(own, (tf.constant(measure(), tf.float32),))
            return float(self.strategy.reduce(tf.distribute.ReduceOp.MEAN, values, axis=None))

        return mean

    @contextmanager
    def output(self, directory: str) -> Iterator[str]:
        """Where this worker writes: the first into `directory`, the others where nobody looks.

        All of them have to save, because reading the weights takes all of them.
        """
        if self.index == 0:
            yield directory
            return
        elsewhere = tempfile.mkdtemp(prefix="towerline-worker-")
        try:
            yield elsewhere
        finally:
            shutil.rmtree(elsewhere, ignore_errors=True)


def _task_index() -> tuple[int, int]:
    """Index of this worker and number of all."""
    try:
        cluster = json.loads(os.environ.get(CLUSTER_VARIABLE, ""))
        return int(cluster["task"]["index"]), len(cluster["cluster"]["worker"])
    except (ValueError, KeyError, TypeError) as error:
        raise UserError(
            f"`distribution: multi_worker` needs the environment variable {CLUSTER_VARIABLE}, as "
            f"TensorFlow describes it. Received: {os.environ.get(CLUSTER_VARIABLE)!r}. Remedy: set it in "
            "every worker, or choose `mirrored` or `none`."
        ) from error
