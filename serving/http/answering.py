"""One request: who answers it, and what is kept of it."""

from __future__ import annotations

import asyncio
from typing import Any

from pydantic import BaseModel

from serving.http.middleware import REQUEST_ID
from serving.new_products.merging import NewProducts
from serving.recommend.reading import ShopReader
from serving.recommend.recommending import Recommending
from serving.replay.recording import Offer, Recorder, RecordingShop


class Answering:
    """Answers, and keeps nothing.

    Args:
        recommending: Answers requests for recommendations.
    """

    def __init__(self, recommending: Recommending) -> None:
        self.recommending = recommending

    async def keep(self, route: str, answer: dict[str, Any]) -> None:
        """Takes an answer that is about to be sent."""


class Recorded(Answering):
    """Keeps the request, what the database said, and the answer.

    Args:
        recorder: Writes them.
        shop: The product database.
        new_products: Of the side index.
        offer: What there is to recommend.
        request: The request.
    """

    def __init__(
        self,
        recorder: Recorder,
        shop: ShopReader,
        new_products: NewProducts,
        offer: Offer,
        request: BaseModel,
    ) -> None:
        self._recorder, self._request = recorder, request
        self._shop, self._offer = RecordingShop(shop), offer
        super().__init__(Recommending(self._shop, new_products))

    async def keep(self, route: str, answer: dict[str, Any]) -> None:
        """Writes the record."""
        # A request whose time is over goes on reading in its thread: take what there is now.
        readings = dict(self._shop.readings)
        write = self._recorder.write
        request_id = REQUEST_ID.get()
        await asyncio.to_thread(write, route, request_id, self._request, readings, self._offer, answer)
