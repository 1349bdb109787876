"""Asks the pushed SavedModel; imports TensorFlow, and nothing of TFX."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from components.pusher.versions import newest_version
from pipeline.capture import quiet_stderr
from pipeline.reasons import reason
from schema import names
from schema.errors import UserError
from schema.features import FeatureSet
from schema.request import Query, encode_queries

_FIELDS: Final = ("score", "source", "times_bought", "days_since_last", "usual_interval_days", "neighbour_of")


MOST_EVENTS: Final = 20_000
"""Events of a user that a request carries, the newest ones."""


class PushedModel:
    """The newest version of a push directory.

    Args:
        directory: The push directory.

    Raises:
        UserError: Nothing has been pushed there.
    """

    def __init__(self, directory: Path) -> None:
        version = newest_version(directory)
        if version is None:
            raise UserError(
                f"No model has been pushed to {directory}. Remedy: `towerline run --source URL` first."
            )
        self.version = str(version)
        self.folder = directory / self.version
        metadata = json.loads((self.folder / names.SERVING_METADATA).read_text(encoding="utf-8"))
        self.features = FeatureSet.model_validate(metadata["features"])
        # The models read the newest events of a request; excluding what was purchased needs them all.
        self.history_length = max(int(metadata["history_length"]), MOST_EVENTS)
        self.num_products = int(metadata["num_products"])
        self._loaded: Any = None

    def load(self) -> None:
        """Loads the SavedModel, if that has not been done."""
        if self._loaded is None:
            with quiet_stderr():
                import tensorflow as tf

                self._loaded = tf.saved_model.load(str(self.folder))

    def recommend(
        self, queries: Sequence[Query], top_k: int, exclude_purchased: bool
    ) -> list[list[dict[str, Any]]]:
        """Returns the items of each query, best first: rank, product_id, score, source, reason."""
        self.load()
        import tensorflow as tf

        inputs = encode_queries(self.features, queries, self.history_length)
        answer = self._loaded.signatures[names.RECOMMEND](
            **{name: tf.constant(value) for name, value in inputs.items()},
            **{
                names.TOP_K: tf.constant(top_k, tf.int64),
                names.EXCLUDE_PURCHASED: tf.constant(exclude_purchased),
            },
        )
        columns = {name: answer[name].numpy().tolist() for name in (names.PRODUCT_ID, *_FIELDS)}
        return [_items(columns, row) for row in range(len(queries))]


def _items(columns: dict[str, Any], row: int) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = []
    for place, product_id in enumerate(columns[names.PRODUCT_ID][row]):
        if not product_id:
            continue
        found = {name: _plain(columns[name][row][place]) for name in _FIELDS}
        items.append(
            {
                "rank": len(items) + 1,
                "product_id": product_id.decode(),
                "score": found["score"],
                "source": found["source"],
                "reason": reason(found),
            }
        )
    return items


def _plain(value: Any) -> Any:
    if isinstance(value, bytes):
        return value.decode()
    if isinstance(value, float) and math.isnan(value):
        return None
    return value
