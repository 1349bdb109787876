"""Requests that need the session while it is being loaded: they wait for it, and hold no worker."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import Future
from typing import Final, TypeVar

from serving.http.workers import Workers
from serving.model.session import SessionNotLoadedError
from serving.problems import ProblemError

Result = TypeVar("Result")

MOST_SECONDS: Final = 60.0
"""Longest time that a request waits for the session."""


class SessionWait:
    """Has workers do what needs the session when it is there.

    Args:
        workers: Do the work.
        most_waiting: Requests that wait for the session at a time.
        most_seconds: For how long each of them does.
    """

    def __init__(self, workers: Workers, most_waiting: int, most_seconds: float = MOST_SECONDS) -> None:
        self._workers, self._most_waiting, self._most_seconds = workers, most_waiting, most_seconds
        self._waiting = 0

    async def run(self, work: Callable[[], Result], seconds: float | None = None) -> Result:
        """Returns what `work` returns; where that finds no session, it is done again when there is one.

        Args:
            work: Is called in a worker, and changes nothing before it finds out.
            seconds: Longest time for all of it.

        Raises:
            ProblemError: 429, too many wait; 503, the session is not there in time, or cannot be loaded.
            TimeoutError: `seconds` are over.
        """
        until = None if seconds is None else time.monotonic() + seconds
        try:
            return await self._workers.run(work, seconds)
        except SessionNotLoadedError as missing:
            loaded = missing.loaded
        await self._loaded(loaded, _left(until))
        return await self._workers.run(work, _left(until))

    async def _loaded(self, loaded: Future[None], seconds: float | None) -> None:
        if self._waiting >= self._most_waiting:
            raise ProblemError(
                429, "Too many requests wait for TensorFlow, which is being loaded.", {"Retry-After": "5"}
            )
        self._waiting += 1
        limit = self._most_seconds if seconds is None else min(seconds, self._most_seconds)
        try:
            await asyncio.wait_for(asyncio.shield(asyncio.wrap_future(loaded)), limit)
        except TimeoutError:
            if seconds is not None and seconds <= self._most_seconds:
                raise
            raise ProblemError(
                503, "TensorFlow, which answers this, is still being loaded.", {"Retry-After": "5"}
            ) from None
        except Exception as error:
            raise ProblemError(
                503, "TensorFlow, which answers this, could not be loaded; the log says why."
            ) from error
        finally:
            self._waiting -= 1


def _left(until: float | None) -> float | None:
    return None if until is None else max(until - time.monotonic(), 0.0)
