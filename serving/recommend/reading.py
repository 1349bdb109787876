"""What answers read of a shop, so that a record can stand in for it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from schema.features import FeatureSet
from schema.served.request import Query


class HistoryReader(Protocol):
    """Knows the users; see `serving.database.shop.Shop`."""

    def question(self, user_id: str, features: FeatureSet, history_length: int) -> tuple[Query, bool]:
        """The user's history and features as of now, and whether the user is known."""

    def known_as(self, user_id: str) -> str:
        """The id under which the model is asked about a user who brings a history: empty if forgotten."""

    def now(self) -> int:
        """The moment of questions, epoch seconds."""


class ShopReader(HistoryReader, Protocol):
    """Knows the products too."""

    def product_rows(self, product_ids: Sequence[str]) -> dict[str, dict[str, Any]]:
        """Product id -> its row, for those that have one."""
