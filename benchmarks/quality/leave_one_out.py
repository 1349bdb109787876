"""MovieLens 100K as a leave-one-out test for a pipeline that knows only global time windows.

The protocol (last rating of each user is the test, the one before it tunes, everything before trains; all
ratings are positive; equal stamps keep the order of the file) asks for a split per user; Towerline splits
at one moment for everybody. A clock that counts events makes the two the same: the event of a user that
has `n` later events of that user is put `n` days before the newest of all. Every user's last event then
falls on the last day, the second to last on the day before; windows of one day cut exactly there, and ages
and half-lives count events of the user where they say days.
"""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from schema import names

NEWEST: Final = 1_000_000_000
"""Stamp of everybody's last event, epoch seconds; any would do."""

WINDOW: Final = "1d"
"""Length of the eval and of the test window under which leave-one-out comes out."""


def count_events(database: Path) -> int:
    """Replaces the stamps of an event table by the clock that counts events, in place.

    Args:
        database: SQLite product database whose `events` lie in the order of the source file.

    Returns:
        The number of events.
    """
    with contextlib.closing(sqlite3.connect(database)) as connection, connection:
        rows = connection.execute("SELECT rowid, user_id, occurred_at FROM events ORDER BY rowid").fetchall()
        users = np.unique([str(user) for _, user, _ in rows], return_inverse=True)[1]
        later = later_events(users, np.array([stamp for _, _, stamp in rows]))
        stamps = (NEWEST - later * names.SECONDS_PER_DAY).tolist()
        connection.executemany(
            "UPDATE events SET occurred_at = ? WHERE rowid = ?",
            [(stamp, row[0]) for stamp, row in zip(stamps, rows, strict=True)],
        )
    return len(rows)


def later_events(users: npt.NDArray[np.int64], stamps: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """For each event the number of later events of its user; of equal stamps the later row is later.

    Args:
        users: Code of the user, int `[events]`.
        stamps: Time of the event `[events]`.

    Returns:
        int64 `[events]`.
    """
    order = np.lexsort((stamps, users))
    ends = np.searchsorted(users[order], users[order], side="right")
    later = np.empty(len(order), np.int64)
    later[order] = ends - 1 - np.arange(len(order))
    return later
