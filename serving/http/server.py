"""What the routes share: limits, the model, the shop, and who answers a request."""

from __future__ import annotations

from pydantic import BaseModel

from serving.database.shop import Shop
from serving.http.answering import Answering, Recorded
from serving.http.extras import Extras
from serving.http.metrics import ServerMetrics
from serving.http.settings import ServerSettings
from serving.http.workers import Workers
from serving.model.holder import ModelHolder, Served
from serving.new_products.merging import NewProducts
from serving.new_products.side_index import SideIndex
from serving.problems import ProblemError
from serving.recommend.recommending import Recommending
from serving.recommend.requests import RecommendationRequest


class Server:
    """All that the routes need.

    Args:
        settings: Limits.
        holder: The model.
        shop: The product database.
        extras: What else there is.
    """

    def __init__(
        self, settings: ServerSettings, holder: ModelHolder, shop: Shop, extras: Extras | None = None
    ) -> None:
        self.settings, self.holder, self.shop = settings, holder, shop
        self.extras = extras or Extras()
        self.workers = Workers(settings.num_workers, settings.most_waiting)
        self.new_products = NewProducts(self.extras.side_index or SideIndex(None))
        holder.after_load.append(self.new_products.retire)
        self.metrics = ServerMetrics(lambda: self.workers.in_hand, self._version)
        self.recommending = Recommending(shop, self.new_products, self.metrics.unfit)
        shop.on_unfit = self.metrics.unfit

    def served(self) -> Served:
        """The model that is served.

        Raises:
            ProblemError: 503, none is warm yet.
        """
        served = self.holder.served
        if served is None:
            raise ProblemError(503, "No model is ready yet.", {"Retry-After": "2"})
        return served

    def answering(self, request: BaseModel) -> Answering:
        """Who answers a request; a record of it is kept if there is a recorder."""
        if self.extras.recorder is None:
            return Answering(self.recommending)
        return Recorded(self.extras.recorder, self.shop, self.new_products, request)

    def budget(self, request: RecommendationRequest) -> float | None:
        """Seconds that an answer may take; who wants it explained has the time."""
        return None if request.explain else self.settings.budget_ms / 1000

    def check_top_k(self, top_k: int) -> None:
        """Refuses longer lists than the settings allow.

        Raises:
            ProblemError: 422.
        """
        if top_k > self.settings.most_top_k:
            raise ProblemError(422, f"top_k: at most {self.settings.most_top_k}. Received: {top_k}.")

    def _version(self) -> int:
        return int(self.holder.served.model.version) if self.holder.served else 0
