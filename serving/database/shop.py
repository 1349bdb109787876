"""The product database as the server asks it: one connection a thread."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Container, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

from schema import names
from schema.errors import UserError
from schema.features import FeatureSet
from schema.served.request import Query
from schema.source import ProductSource
from schema.source.ids import canonical_id
from serving.database.live_history import LiveHistory


class Shop:
    """Reads users and products live.

    Args:
        open_source: Opens the database; called once in each thread.
        clock_seconds: For how long the newest event is remembered.
    """

    def __init__(self, open_source: Callable[[], ProductSource], clock_seconds: float) -> None:
        self.open_source = open_source
        """Opens the database."""
        self._local = threading.local()
        self._clock = Clock(self._newest, clock_seconds)
        self._read_at: float | None = None
        self._is_away = False
        self.forgotten: Container[str] = frozenset()
        """Users of whom nothing is known, whatever the database says."""
        self.on_unfit: Callable[[str, int], object] = lambda *_: None
        """Called with a column and the number of its values that were read and do not fit it."""

    def question(self, user_id: str, features: FeatureSet, history_length: int) -> tuple[Query, bool]:
        """The user's history and features as of now, and whether the database knows the user.

        Raises:
            UserError: The database cannot be read.
        """
        now = self._clock.now()
        if user_id in self.forgotten:
            return Query("", now), False  # the model may still have an embedding under the id
        with self._reopened_after_errors():
            history = LiveHistory(self._source(), features, history_length, now)
            queries, known = history.queries([user_id])
        return queries[0], known[0]

    def known_as(self, user_id: str) -> str:
        """The id under which the model is asked about a user who brings a history: empty if forgotten."""
        return "" if user_id in self.forgotten else canonical_id(user_id)

    def known_users(self, user_ids: Sequence[str]) -> list[str]:
        """Those of the users whom the database still knows, in their order.

        Raises:
            UserError: The database cannot be read.
        """
        with self._reopened_after_errors():
            history = LiveHistory(self._source(), FeatureSet(), 1, 0)
            _, known = history.queries(user_ids)
        pairs = zip(user_ids, known, strict=True)
        return [user_id for user_id, is_known in pairs if is_known and user_id not in self.forgotten]

    def connect(self) -> None:
        """Opens the database for the thread that asks, so that its first question need not."""
        with contextlib.suppress(UserError), self._reopened_after_errors():  # the first question tells why
            self._source()
            self.now()

    def now(self) -> int:
        """The moment after the newest event, epoch seconds."""
        return self._clock.now()

    def history_age(self) -> float | None:
        """How old a history would be that is read now, in seconds.

        0 while the database answers, and otherwise since it answered last; None if it never has.
        """
        if not self._is_away:
            return 0.0
        return None if self._read_at is None else time.monotonic() - self._read_at

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
            self._read_at, self._is_away = time.monotonic(), False
        except UserError:
            self._is_away = True
            if hasattr(self._local, "source"):
                self._local.source.close()
                del self._local.source
            raise

    def _source(self) -> ProductSource:
        if not hasattr(self._local, "source"):
            self._local.source = self.open_source()
            self._local.source.on_unfit = self.on_unfit
        source: ProductSource = self._local.source
        return source

    def _newest(self) -> int:
        with self._reopened_after_errors():
            return self._source().newest_event_time() + 1


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
