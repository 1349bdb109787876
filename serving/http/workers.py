"""A few threads behind a bounded queue: who comes when it is full is told at once."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final, TypeVar

from serving.problems import ProblemError

TOO_MANY: Final = ("Too many requests are waiting. Remedy: try again in a second.", {"Retry-After": "1"})
"""Detail and headers of the answer 429."""
Result = TypeVar("Result")


class Workers:
    """Runs blocking work outside the event loop.

    Args:
        num_workers: Threads.
        most_waiting: Pieces of work that wait for a thread.
    """

    def __init__(self, num_workers: int, most_waiting: int) -> None:
        self._pool = ThreadPoolExecutor(num_workers, "towerline-worker")
        self._num_workers = num_workers
        self._most = num_workers + most_waiting
        self._lock = threading.Lock()
        self._in_hand = 0

    @property
    def in_hand(self) -> int:
        """Pieces of work that run or wait."""
        return self._in_hand

    @property
    def is_full(self) -> bool:
        """Whether `run` would refuse work now."""
        return self._in_hand >= self._most

    async def run(self, work: Callable[[], Result], seconds: float | None = None) -> Result:
        """Returns what `work` returns.

        Args:
            work: Is called in a thread.
            seconds: Longest time to wait for it. What has begun by then goes on in its thread, and its result
                is dropped; what has not is never begun, so that the threads have time for those who wait.

        Raises:
            ProblemError: 429, the queue is full.
            TimeoutError: The time is over.
        """
        with self._lock:
            if self._in_hand >= self._most:
                raise ProblemError(429, *TOO_MANY)
            self._in_hand += 1
        future = self._pool.submit(work)
        future.add_done_callback(lambda _: self._done())
        try:
            return await asyncio.wait_for(asyncio.shield(asyncio.wrap_future(future)), seconds)
        finally:
            future.cancel()  # nothing where it has begun

    def prepare(self, work: Callable[[], object]) -> None:
        """Has every thread do some work once, without waiting for it: the first request need not."""
        together = threading.Barrier(self._num_workers)

        def once() -> None:
            together.wait()  # so that no thread takes it twice
            work()

        for _ in range(self._num_workers):
            self._pool.submit(once)

    def close(self) -> None:
        """Lets what has begun come to its end."""
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _done(self) -> None:
        with self._lock:
            self._in_hand -= 1
