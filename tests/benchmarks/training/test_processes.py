from __future__ import annotations

from multiprocessing import Pipe
from threading import Thread

from benchmarks.training.naming import OURS
from benchmarks.training.processes import Worker, serve


def test_a_worker_fits_when_told_to_and_says_its_peak_memory(finished_run):
    ours, theirs = Pipe()
    thread = Thread(target=serve, args=(theirs, OURS, finished_run, 2, 1))
    thread.start()
    worker = Worker(ours.recv(), ours)
    assert worker.pairs_per_step > 0
    assert worker.fit() > 0
    assert worker.stop() > 10
    thread.join(timeout=30)
    assert not thread.is_alive()
