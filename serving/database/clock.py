"""What time it is for the shop: the moment after the newest event, read anew beside the requests."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from schema.errors import UserError


class Clock:
    """Remembers the moment; finding the newest event may take the database long.

    Args:
        read: Asks the database; called in the thread that asks first, later in one of its own.
        seconds: For how long an answer is remembered. The first question after that begins to read, and
            gets the old moment.
    """

    def __init__(self, read: Callable[[], int], seconds: float) -> None:
        self._read, self._seconds = read, seconds
        self._lock = threading.Lock()
        self._known: tuple[float, int] | None = None
        self._reading = False
        self._reader = ThreadPoolExecutor(1, "towerline-clock")

    def now(self) -> int:
        """Epoch seconds.

        Raises:
            UserError: Nothing is known, since the database could not be read the last time or ever.
        """
        known = self._known
        if known is None:
            return self._remembered()
        with self._lock:
            begins = not self._reading and time.monotonic() - known[0] > self._seconds
            self._reading = self._reading or begins
        if begins:
            self._reader.submit(self._again)
        return known[1]

    def _remembered(self) -> int:
        moment = self._read()
        self._known = (time.monotonic(), moment)
        return moment

    def _again(self) -> None:
        try:
            self._remembered()
        except UserError:
            self._known = None  # who asks next is told why
        finally:
            self._reading = False
