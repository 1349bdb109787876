"""A shop whose newest days have not come yet, and come one by one."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from schema import names
from schema.errors import UserError

_EVENTS = "events"
_LATER = "towerline_later"
_SECONDS = "CAST(strftime('%s', occurred_at) AS INTEGER)"
"""The demo writes stamps as ISO text in UTC."""


@dataclass(frozen=True)
class Bought:
    """What a user bought on a day.

    Attributes:
        user_id: The user.
        products: Distinct products.
    """

    user_id: str
    products: tuple[str, ...]


class ReplayedShop:
    """A SQLite product database from which the newest days are held back.

    Args:
        path: The database; its newest days are moved out of `events`.
        num_days: Days that are held back.

    Raises:
        UserError: The events span too few days.
    """

    def __init__(self, path: Path, num_days: int) -> None:
        self.path, self.num_days = path, num_days
        with self._open() as shop:
            ends = f"SELECT MIN({_SECONDS}), MAX({_SECONDS}) FROM {_EVENTS}"
            oldest, newest = shop.execute(ends).fetchone()
            self.start = int(newest) // names.SECONDS_PER_DAY * names.SECONDS_PER_DAY
            self.start -= (num_days - 1) * names.SECONDS_PER_DAY
            if int(oldest) >= self.start:
                raise UserError(
                    f"`--days` must leave days before them. Received: {num_days}. Remedy: fewer days."
                )
            later = f"FROM {_EVENTS} WHERE {_SECONDS} >= {self.start}"
            shop.execute(f"CREATE TABLE {_LATER} AS SELECT * {later}")
            shop.execute(f"DELETE {later}")
            rows = shop.execute(f"SELECT DISTINCT product_id FROM {_EVENTS}")
            self.sold_before = frozenset(str(row[0]) for row in rows)
        self.url = f"sqlite:///{path}"

    def midnight(self, day: int) -> int:
        """When a day begins, epoch seconds; 0 is the first that is held back."""
        return self.start + day * names.SECONDS_PER_DAY

    def let_pass(self, day: int) -> None:
        """Puts the events of a day where they belong."""
        with self._open() as shop:
            shop.execute(f"INSERT INTO {_EVENTS} SELECT * {self._of(day)}")

    def bought(self, day: int) -> list[Bought]:
        """Who bought what on a day that has not come yet."""
        by_user: dict[str, dict[str, None]] = {}
        with self._open() as shop:
            for user_id, product_id in shop.execute(
                f"SELECT user_id, product_id {self._of(day)} ORDER BY 1, {_SECONDS}"
            ):
                by_user.setdefault(str(user_id), {})[str(product_id)] = None
        return [Bought(user_id, tuple(products)) for user_id, products in by_user.items()]

    def bought_before(self, user_ids: Sequence[str]) -> Mapping[str, frozenset[str]]:
        """What these users have bought on the days that have come."""
        found: dict[str, set[str]] = {user_id: set() for user_id in user_ids}
        with self._open() as shop:
            for user_id, product_id in shop.execute(f"SELECT DISTINCT user_id, product_id FROM {_EVENTS}"):
                if str(user_id) in found:
                    found[str(user_id)].add(str(product_id))
        return {user_id: frozenset(products) for user_id, products in found.items()}

    def _of(self, day: int) -> str:
        first, last = self.midnight(day), self.midnight(day + 1)
        return f"FROM {_LATER} WHERE {_SECONDS} >= {first} AND {_SECONDS} < {last}"

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        with closing(sqlite3.connect(self.path)) as connection, connection:
            yield connection
