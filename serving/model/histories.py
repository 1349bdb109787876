"""The snapshot of histories that was pushed with a model: what is read when the database is away."""

from __future__ import annotations

import json
from bisect import bisect_left, bisect_right
from collections.abc import Container
from pathlib import Path
from typing import Any

import pyarrow as pa

from schema import names
from schema.features import FeatureSet
from schema.served.request import Query
from schema.source.ids import canonical_id
from schema.values.value_text import value_text


class Histories:
    """Users and their histories in files that are mapped into memory, not read.

    Args:
        model_folder: Folder of a pushed version; without a snapshot in it every user is unknown.
    """

    def __init__(self, model_folder: Path) -> None:
        folder = model_folder / names.HISTORIES
        metadata = json.loads((model_folder / names.SERVING_METADATA).read_text(encoding="utf-8"))
        features = FeatureSet.model_validate(metadata.get("features", {}))
        self._columns = {raw: column.name for raw, column in features.user_columns().items()}
        self._now = int(metadata["windows"]["now"])
        self._batches: list[pa.RecordBatch] = []
        self._first: list[str] = []
        self._segments: dict[str, dict[str, list[tuple[str, float]]]] = {}
        self.forgotten: Container[str] = frozenset()
        """Users of whom nothing is known, whatever the snapshot says."""
        if not (folder / "users.arrow").is_file():
            return
        users = _mapped(folder / "users.arrow")
        self._batches = [users.get_batch(number) for number in range(users.num_record_batches)]
        self._first = [batch.column(0)[0].as_py() for batch in self._batches]
        products = _mapped(folder / "products.arrow")
        parts = [products.get_batch(number).column(0) for number in range(products.num_record_batches)]
        self._products = pa.chunked_array(parts)
        self._types = json.loads(users.schema.metadata[b"event_types"])
        self._now = int(users.schema.metadata[b"newest_event_time"]) + 1
        self._segments = json.loads((folder / "segments.json").read_text(encoding="utf-8"))

    def now(self) -> int:
        """The moment after the newest event of all, epoch seconds."""
        return self._now

    def question(self, user_id: str, features: FeatureSet, history_length: int) -> tuple[Query, bool]:
        """The user's history and features as they were, and whether the snapshot knows the user.

        Args:
            user_id: The user.
            features: Not needed; as the product database is asked.
            history_length: Most events.
        """
        del features
        batch, row = self._find(user_id)
        if batch is None:
            return Query(self.known_as(user_id), self._now), False
        products, times, types = (batch.column(name)[row].values for name in ("products", "times", "types"))
        first = max(len(products) - history_length, 0)
        return Query(
            user_id,
            self._now,
            self._products.take(products[first:]).to_pylist(),
            times[first:].to_pylist(),
            [self._types[code] for code in types[first:].to_pylist()],
            self._features(batch, row),
        ), True

    def known_as(self, user_id: str) -> str:
        """The id under which the model is asked about a user who brings a history: empty if forgotten."""
        return "" if user_id in self.forgotten else canonical_id(user_id)

    def features(self, user_id: str) -> dict[str, Any]:
        """The user's features, {} if the snapshot does not know him."""
        batch, row = self._find(user_id)
        return {} if batch is None else self._features(batch, row)

    def users(self, prefix: str, count: int) -> list[str]:
        """The first `count` users of the snapshot whose id begins with `prefix`, in the order of ids."""
        found: list[str] = []
        first = max(bisect_right(self._first, prefix) - 1, 0)
        for batch in self._batches[first:]:
            row = _row_of(batch.column(0), prefix)
            ids = batch.column(0)[row : row + count - len(found)].to_pylist()
            found += [
                user_id for user_id in ids if user_id.startswith(prefix) and user_id not in self.forgotten
            ]
            if len(found) == count or (ids and not ids[-1].startswith(prefix)):
                break
        return found

    def popular_in_segment(self, features: dict[str, Any]) -> tuple[list[str], dict[str, str]]:
        """Products by their shares in the user's segments, added up over his columns.

        Returns:
            Products, best first, and the segments: column -> value. Both are empty if there is none.
        """
        segments = {
            name: value_text(features[name])
            for name, lists in self._segments.items()
            if features.get(name) is not None and value_text(features[name]) in lists
        }
        total: dict[str, float] = {}
        for name, value in segments.items():
            for product_id, share in self._segments[name][value]:
                total[product_id] = total.get(product_id, 0.0) + share
        return sorted(total, key=lambda product_id: (-total[product_id], product_id)), segments

    def _features(self, batch: pa.RecordBatch, row: int) -> dict[str, Any]:
        return {name: batch.column(raw)[row].as_py() for raw, name in self._held(batch).items()}

    def _held(self, batch: pa.RecordBatch) -> dict[str, str]:
        return {raw: name for raw, name in self._columns.items() if raw in batch.schema.names}

    def _find(self, user_id: str) -> tuple[pa.RecordBatch | None, int]:
        if user_id in self.forgotten:
            return None, 0
        user_id = canonical_id(user_id)
        number = bisect_right(self._first, user_id) - 1
        if number < 0:
            return None, 0
        ids = self._batches[number].column(0)
        row = _row_of(ids, user_id)
        is_there = row < len(ids) and ids[row].as_py() == user_id
        return (self._batches[number] if is_there else None), row


def _row_of(ids: pa.Array, user_id: str) -> int:
    """Where an id stands among sorted ones, or would stand."""
    return bisect_left(range(len(ids)), user_id, key=lambda row: ids[row].as_py())


def _mapped(path: Path) -> pa.ipc.RecordBatchFileReader:
    return pa.ipc.open_file(pa.memory_map(str(path)))
