"""Each contestant in a process of its own, which fits when it is told to.

Nothing heavy is imported here: a new process counts its parent's peak of memory as its own.
"""

from __future__ import annotations

import multiprocessing
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Any

from benchmarks.ablation.finished_run import FinishedRun

_FIT, _STOP = "fit", "stop"


@dataclass(frozen=True)
class Worker:
    """The parent's end of a contestant's process.

    Attributes:
        pairs_per_step: Queries with a target that one step trains on.
        connection: To the process.
    """

    pairs_per_step: int
    connection: Any

    def fit(self) -> float:
        """Fits one round; seconds, as the process itself measured them."""
        self.connection.send(_FIT)
        return float(self.connection.recv())

    def stop(self) -> float:
        """Ends the process; its peak of resident memory in MB."""
        self.connection.send(_STOP)
        return float(self.connection.recv())


def serve(connection: Any, name: str, run: FinishedRun, num_steps: int, seed: int) -> None:
    """What the process does: builds, says how many pairs a step has, and fits until it is told to stop."""
    from benchmarks.training.contestants import build

    contestant = build(name, run, num_steps, seed)
    contestant.warm_up()
    connection.send(contestant.pairs_per_step)
    while connection.recv() == _FIT:
        connection.send(contestant.fit())
    connection.send(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)


@contextmanager
def started(name: str, run: FinishedRun, num_steps: int, seed: int) -> Iterator[Worker]:
    """Starts a contestant and waits until it is ready; it is gone afterwards."""
    context = multiprocessing.get_context("spawn")
    ours: Connection
    ours, theirs = context.Pipe()
    process = context.Process(target=serve, args=(theirs, name, run, num_steps, seed))
    process.start()
    theirs.close()
    try:
        yield Worker(int(ours.recv()), ours)
    finally:
        ours.close()
        process.terminate()
        process.join()
