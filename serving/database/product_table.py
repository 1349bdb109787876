"""Follows the product table: looks at it again and again, and says what there is and what may be sold."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

from schema.errors import UserError
from schema.source import ProductSource
from schema.source.product_states import ProductStates, States

_LOG = logging.getLogger("towerline.serving")
_LOOKS = 3
"""Looks within the time in which a change must have come through."""
_SECONDS_AFTER_FAILURE = 0.1
"""The first look after one that failed; then twice as long each time."""


class ProductTable:
    """Looks at the table in a thread of its own, on a connection of its own that only reads.

    Args:
        open_source: Opens the database.
        seconds: Within which a change must have come through; a look begins after a third of that.
    """

    def __init__(self, open_source: Callable[[], ProductSource], seconds: float) -> None:
        self._open, self._seconds = open_source, seconds
        self._source: ProductSource | None = None
        self._states: ProductStates | None = None
        self._lock = threading.Lock()
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="towerline-products", daemon=True)
        self._failing = False
        self.read_at: float | None = None
        """When the table was read last, seconds of `time.monotonic`; None before that."""
        self.on_change: list[Callable[[States, ProductSource], object]] = []
        """Called, one after the other, with what there is now, and the connection for more questions."""

    def start(self) -> None:
        """Begins to look."""
        self._thread.start()

    def stop(self) -> None:
        """Ends it."""
        self._stopped.set()
        if self._thread.is_alive():
            self._thread.join()
        with self._lock:
            self._close()

    def look(self) -> bool:
        """Looks once, and returns whether the table could be read; what was known before stays if not."""
        with self._lock:
            started = time.monotonic()
            try:
                if self._source is None:
                    self._source = self._open()
                    self._states = self._source.product_states()
                found = self._states.changed() if self._states is not None else None
                if found is not None:
                    for step in self.on_change:
                        step(found, self._source)
            except UserError as error:
                self._failed(error)
                return False
            except Exception:
                self._close()  # so that the next look tells everything again
                raise
            self.read_at, self._failing = started, False
            return True

    def again(self) -> None:
        """Has the next look tell everything, as if the table had not been read before."""
        with self._lock:
            if self._source is not None:
                self._states = self._source.product_states()

    def age(self) -> float | None:
        """Seconds since the table was read last; None if it never was."""
        return None if self.read_at is None else time.monotonic() - self.read_at

    def _failed(self, error: UserError) -> None:
        """A connection that failed may stay broken: the next look opens another, and reads everything."""
        if not self._failing:
            _LOG.warning("the products cannot be followed; what was known of them stays: %s", error)
        self._failing = True
        self._close()

    def _close(self) -> None:
        if self._source is not None:
            self._source.close()
            self._source = self._states = None

    def _watch(self) -> None:
        period = self._seconds / _LOOKS
        patience = _SECONDS_AFTER_FAILURE
        while not self._stopped.is_set():
            started = time.monotonic()
            was_read = False
            try:
                was_read = self.look()
            except Exception:
                _LOG.exception("a look at the products failed")
            wait = period if was_read else min(period, patience)
            patience = _SECONDS_AFTER_FAILURE if was_read else 2 * patience
            self._stopped.wait(max(0.0, wait - (time.monotonic() - started)))
