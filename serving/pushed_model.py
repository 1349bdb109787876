"""Asks a pushed SavedModel; imports TensorFlow, and nothing of TFX."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np

from schema import names
from schema.errors import UserError
from schema.features import FeatureSet
from schema.request import Query, encode_queries
from schema.versions import newest_version
from serving.reasons import reason

_FIELDS: Final = ("score", "source", "times_bought", "days_since_last", "usual_interval_days", "neighbour_of")
_RULE_FIELDS: Final = ("pinned_by", "relaxed")
"""Models that were pushed before there were rules lack them."""
MOST_EVENTS: Final = 20_000
"""Events of a user that a request carries, the newest ones."""

Items = list[dict[str, Any]]


class PushedModel:
    """A version of a push directory.

    Args:
        directory: The push directory.
        version: Which one; the newest if it is left out.

    Raises:
        UserError: Nothing has been pushed there.
    """

    def __init__(self, directory: Path, version: int | None = None) -> None:
        chosen = newest_version(directory) if version is None else version
        if chosen is None:
            raise UserError(
                f"No model has been pushed to {directory}. Remedy: `towerline run --source URL` first."
            )
        self.version = str(chosen)
        self.folder = directory / self.version
        metadata = json.loads((self.folder / names.SERVING_METADATA).read_text(encoding="utf-8"))
        self.features = FeatureSet.model_validate(metadata["features"])
        # The models read the newest events of a request; excluding what was purchased needs them all.
        self.history_length = max(int(metadata["history_length"]), MOST_EVENTS)
        self.num_products = int(metadata["num_products"])
        self._loaded: Any = None
        self._places: dict[bytes, int] = {}
        self._category_codes: np.ndarray | None = None

    def load(self) -> None:
        """Loads the SavedModel, if that has not been done."""
        if self._loaded is None:
            import tensorflow as tf

            self._loaded = tf.saved_model.load(str(self.folder))
            finishing = getattr(self._loaded, "finishing", None)
            if finishing is not None:
                self._category_codes = finishing.categories.numpy()
                ids = self._loaded.product_ids.numpy().tolist()
                self._places = {product_id: place for place, product_id in enumerate(ids)}

    def recommend(self, queries: Sequence[Query], top_k: int, exclude_purchased: bool) -> list[Items]:
        """Returns the items of each query, best first: rank, product_id, score, source, reason."""
        inputs = encode_queries(self.features, queries, self.history_length)
        columns = self._call(
            names.RECOMMEND, {**inputs, names.TOP_K: top_k, names.EXCLUDE_PURCHASED: exclude_purchased}
        )
        return [_recommended(columns, row) for row in range(len(queries))]

    def category_codes(self, product_ids: Sequence[str]) -> np.ndarray | None:
        """Codes of the category columns, -1 where missing, int `[products, columns]`, in the features' order.

        None if the model was pushed before it knew them.

        Args:
            product_ids: Products of the model.
        """
        self.load()
        if self._category_codes is None:
            return None
        codes: np.ndarray = self._category_codes[[self._places[name.encode()] for name in product_ids]]
        return codes

    def similar(self, product_id: str, top_k: int, blend: float) -> Items:
        """Products like a product: rank, product_id, score, bought_together, content; [] if it is unknown.

        Args:
            product_id: The product.
            top_k: Most items.
            blend: Share of what is bought together in the score, 0 to 1.

        Raises:
            UserError: The model was pushed before there was such a question.
        """
        inputs = {names.PRODUCT_ID: [product_id], names.TOP_K: top_k, names.BLEND: blend}
        return _plain_items(self._call(names.SIMILAR, inputs))

    def search(self, text: str, top_k: int) -> Items:
        """Products for a text: rank, product_id, score, text; [] if no word of it means anything here.

        Raises:
            UserError: The model was pushed before there was such a question.
        """
        return _plain_items(self._call(names.SEARCH, {names.TEXT: [text], names.TOP_K: top_k}))

    def _call(self, signature: str, inputs: dict[str, Any]) -> dict[str, list[Any]]:
        self.load()
        import tensorflow as tf

        if signature not in self._loaded.signatures:
            raise UserError(
                f"Model {self.version} has no signature `{signature}`. Remedy: `towerline run` pushes one "
                "that has."
            )
        function = self._loaded.signatures[signature]
        specs = function.structured_input_signature[1]
        tensors = {name: tf.constant(value, specs[name].dtype) for name, value in inputs.items()}
        return {name: value.numpy().tolist() for name, value in function(**tensors).items()}


def _recommended(columns: dict[str, list[Any]], row: int) -> Items:
    items: Items = []
    for place, product_id in enumerate(columns[names.PRODUCT_ID][row]):
        if not product_id:
            continue
        fields = [*_FIELDS, *(name for name in _RULE_FIELDS if name in columns)]
        found = {name: _plain(columns[name][row][place]) for name in fields}
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


def _plain_items(columns: dict[str, list[Any]]) -> Items:
    """The first row, without the places of a short list."""
    rows = zip(*(columns[name][0] for name in columns), strict=True)
    items = [dict(zip(columns, map(_plain, row), strict=True)) for row in rows]
    kept = (item for item in items if item[names.PRODUCT_ID])
    return [{"rank": number, **item} for number, item in enumerate(kept, 1)]


def _plain(value: Any) -> Any:
    if isinstance(value, bytes):
        return value.decode()
    if isinstance(value, float) and math.isnan(value):
        return None
    return value
