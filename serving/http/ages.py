"""How old the parts are of which answers are made."""

from __future__ import annotations

import time
from typing import Final

from serving.database.product_table import ProductTable
from serving.database.shop import Shop
from serving.http.settings import MaxAges
from serving.model.holder import Served

HISTORY: Final = "history"

AgesInSeconds = dict[str, float]


class Ages:
    """Ages in seconds.

    Args:
        shop: Where histories are read.
        table: Where availability is read.
    """

    def __init__(self, shop: Shop, table: ProductTable) -> None:
        self._shop, self._table = shop, table

    def of_products(self, served: Served) -> AgesInSeconds:
        """Of an answer that reads no history."""
        now = time.time()
        model = max(now - served.model.made_at, 0.0)
        availability = self._table.age()
        return {
            # As long as the table has not been read, it is as it was when the model was made.
            "availability": round(model if availability is None else availability, 3),
            "statistics": round(max(now - served.model.statistics_until, 0.0), 3),
            "model": round(model, 3),
        }

    def of_answer(self, served: Served, fallback: str | None) -> AgesInSeconds:
        """Of an answer that reads a history: it is that of now, or that of the snapshot."""
        history = 0.0 if fallback is None else _snapshot(served)
        return {HISTORY: round(history, 3), **self.of_products(served)}

    def of_server(self, served: Served) -> AgesInSeconds:
        """Of an answer that would be given now."""
        history = self._shop.history_age()
        return {
            HISTORY: round(_snapshot(served) if history is None else history, 3),
            **self.of_products(served),
        }


def beyond(ages: AgesInSeconds, limits: MaxAges) -> str:
    """What is too old, in words; empty if nothing is."""
    allowed = limits.model_dump()
    return "; ".join(
        f"{part}: {age:,.0f} s old, and `serve.max_ages_s.{part}` allows {allowed[part]:,.0f} s"
        for part, age in ages.items()
        if allowed[part] is not None and age > allowed[part]
    )


def _snapshot(served: Served) -> float:
    return max(time.time() - served.histories.now(), 0.0)
