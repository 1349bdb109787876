"""The product database as the server asks it: one connection a thread, the clock of the newest event."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from schema import names
from schema.errors import UserError
from schema.features import FeatureSet
from schema.request import Query
from schema.source import ProductSource
from serving.live_history import LiveHistory


class Shop:
    """Reads users and products live.

    Args:
        open_source: Opens the database; called once in each thread.
        clock_seconds: For how long the newest event is remembered.
    """

    def __init__(self, open_source: Callable[[], ProductSource], clock_seconds: float) -> None:
        self._open = open_source
        self._clock_seconds = clock_seconds
        self._local = threading.local()

    def question(self, user_id: str, features: FeatureSet, history_length: int) -> tuple[Query, bool]:
        """The user's history and features as of now, and whether the database knows the user.

        Raises:
            UserError: The database cannot be read.
        """
        with self._reopened_after_errors():
            queries, known = self._history(features, history_length).queries([user_id])
        return queries[0], known[0]

    def connect(self) -> None:
        """Opens the database for the thread that asks, so that its first question need not."""
        with contextlib.suppress(UserError):  # which the first question tells
            self.now()

    def now(self) -> int:
        """The moment after the newest event, epoch seconds."""
        with self._reopened_after_errors():
            return self._clock(self._source())

    def product_rows(self, product_ids: Sequence[str]) -> dict[str, dict[str, Any]]:
        """Product id -> its row, for those that have one."""
        with self._reopened_after_errors():
            table = self._source().product_rows(list(product_ids))
        if names.PRODUCT_ID not in table.column_names:
            return {}
        return {row[names.PRODUCT_ID]: row for row in table.to_pylist()}

    @contextmanager
    def _reopened_after_errors(self) -> Iterator[None]:
        """A connection that failed may stay broken; the next question opens another."""
        try:
            yield
        except UserError:
            if hasattr(self._local, "source"):
                self._local.source.close()
                del self._local.source
            raise

    def _source(self) -> ProductSource:
        if not hasattr(self._local, "source"):
            self._local.source = self._open()
        source: ProductSource = self._local.source
        return source

    def _history(self, features: FeatureSet, history_length: int) -> LiveHistory:
        source = self._source()
        return LiveHistory(source, features, history_length, self._clock(source))

    def _clock(self, source: ProductSource) -> int:
        read_at, moment = getattr(self._local, "clock", (float("-inf"), 0))
        if time.monotonic() - read_at > self._clock_seconds:
            moment = source.newest_event_time() + 1
            self._local.clock = (time.monotonic(), moment)
        return int(moment)
