"""Who is forgotten by now: follows the list that `towerline forget` writes."""

from __future__ import annotations

import logging
import os
import time
from pathlib import Path

from schema.errors import UserError
from schema.source.forgotten import LIST_FILE, Forgotten, read_forgotten

_LOG = logging.getLogger("towerline.serving")
_LOOKS = 3
"""Looks within the time in which a change must have come through."""

_State = tuple[int, int, int] | None


class ForgottenUsers:
    """Says of each user whether to know nothing of him, without asking the database.

    Args:
        folder: Of the list and its key.
        seconds: Within which a change must have come through.

    Raises:
        UserError: The list that there is cannot be read, or its key is missing.
    """

    def __init__(self, folder: Path, seconds: float) -> None:
        self._folder, self._period = folder, seconds / _LOOKS
        self._seen: _State = None
        self._looked = float("-inf")
        self._forgotten = Forgotten()
        self._look()

    def __contains__(self, user_id: object) -> bool:
        """Whether a user, by any form of the id, is on the list."""
        if time.monotonic() - self._looked >= self._period:
            try:
                self._look()
            except UserError:
                _LOG.exception("the list of forgotten users cannot be read; what was known of it stays")
        return user_id in self._forgotten

    def _look(self) -> None:
        self._looked = time.monotonic()
        seen = self._state()
        if seen == self._seen:
            return
        self._forgotten = Forgotten(*read_forgotten(self._folder, os.environ))
        self._seen = seen

    def _state(self) -> _State:
        try:
            found = (self._folder / LIST_FILE).stat()
        except FileNotFoundError:
            return None
        return found.st_ino, found.st_size, found.st_mtime_ns
