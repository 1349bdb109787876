"""Reads the history and features of users live from the product database."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pyarrow as pa

from schema import names
from schema.features import FeatureSet, types_of
from schema.served.request import Query
from schema.source import ProductSource
from schema.source.ids import canonical_id
from schema.source.plain_user import Events


class LiveHistory:
    """Turns user ids into queries at the moment after the newest event.

    Args:
        source: The open database.
        features: Feature columns of the model.
        history_length: Events that a query carries.
        query_time: The moment of the queries, epoch seconds; the one after the newest event by default.
    """

    def __init__(
        self, source: ProductSource, features: FeatureSet, history_length: int, query_time: int | None = None
    ) -> None:
        self._source = source
        self._columns = [column.name for column in features.user_columns().values()]
        self._types = types_of(features.users)
        self._history_length = history_length
        self.query_time = source.newest_event_time() + 1 if query_time is None else query_time

    def queries(self, user_ids: Sequence[str]) -> tuple[list[Query], list[bool]]:
        """Returns a query for each id, and whether the database knows the user."""
        if len(user_ids) == 1:
            return self._query_of(user_ids[0])
        known_ids = [canonical_id(user_id) for user_id in user_ids]
        events = self._events(user_ids)
        rows = self._rows(user_ids)
        queries = [
            Query(user_id, self.query_time, *events.get(user_id, ([], [], [])), rows.get(user_id, {}))
            for user_id in known_ids
        ]
        return queries, [user_id in events or user_id in rows for user_id in known_ids]

    def _query_of(self, user_id: str) -> tuple[list[Query], list[bool]]:
        """By the rows as they are stored, where they are plain."""
        known_id, plain = canonical_id(user_id), self._source.plain_user()
        found = plain.events(user_id, self._history_length)
        if found is None:
            found = Events(*self._events([user_id]).get(known_id, ([], [], [])))
        rows = plain.rows(user_id, {name: self._types.get(name) for name in self._columns})
        if rows is None:
            rows = [row for key, row in self._rows([user_id]).items() if key == known_id]
        features = rows[0] if rows else {}
        query = Query(known_id, self.query_time, found.product_ids, found.times, found.event_types, features)
        return [query], [bool(found.product_ids or rows)]

    def _events(self, user_ids: Sequence[str]) -> dict[str, tuple[list[str], list[int], list[str]]]:
        columns = (names.USER_ID, names.PRODUCT_ID, names.OCCURRED_AT, names.EVENT_TYPE)
        table = self._source.user_events(user_ids, self._history_length, columns)
        if len(user_ids) == 1 and table.num_rows:
            product_ids, times, event_types = (_values(table[name]) for name in columns[1:])
            return {canonical_id(user_ids[0]): (product_ids, times, event_types)}
        events: dict[str, tuple[list[str], list[int], list[str]]] = {}
        for user_id, product_id, time, event_type in zip(
            *(_values(table[name]) for name in columns), strict=True
        ):
            product_ids, times, event_types = events.setdefault(user_id, ([], [], []))
            product_ids.append(product_id)
            times.append(time)
            event_types.append(event_type)
        return events

    def _rows(self, user_ids: Sequence[str]) -> dict[str, dict[str, Any]]:
        table = self._source.user_rows(user_ids, self._types)
        if names.USER_ID not in table.column_names:
            return {}
        kept = table.select([name for name in table.column_names if name in (names.USER_ID, *self._columns)])
        return {row.pop(names.USER_ID): row for row in kept.to_pylist()}


def _values(column: pa.ChunkedArray) -> list[Any]:
    """Python values; by way of numpy, as Arrow makes an object of its own for each."""
    values: list[Any] = column.to_pylist() if column.null_count else column.to_numpy().tolist()
    return values
