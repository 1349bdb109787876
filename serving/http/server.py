"""What the routes share: limits, the model, the shop, and who answers a request."""

from __future__ import annotations

from pydantic import BaseModel

from serving.database.product_table import ProductTable
from serving.database.shop import Shop
from serving.http.ages import Ages, AgesInSeconds, beyond
from serving.http.answering import Answering, Recorded
from serving.http.extras import Extras
from serving.http.metrics import ServerMetrics
from serving.http.session_wait import SessionWait
from serving.http.settings import ServerSettings
from serving.http.workers import Workers
from serving.model.executors import KERNEL, SESSION
from serving.model.holder import ModelHolder, Served, warm_session
from serving.model.pushed_model import PushedModel
from serving.new_products.following import Following
from serving.new_products.merging import NewProducts
from serving.new_products.side_index import SideIndex
from serving.problems import ProblemError
from serving.recommend.recommending import Recommending
from serving.recommend.requests import RecommendationRequest
from serving.recommend.why.answering import Explaining
from serving.replay.recording import Offer


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
        shop.forgotten = holder.forgotten = self.extras.forgotten
        self.workers = Workers(settings.num_workers, settings.most_waiting)
        self.waiting = SessionWait(self.workers, settings.most_waiting)
        self.new_products = NewProducts(self.extras.side_index or SideIndex(None))
        self.table = ProductTable(shop.open_source, settings.refresh_seconds)
        self.following = Following(self.new_products)
        self.table.on_change.append(self.following.take)
        self.following.on_hidden.append(self._renew)
        holder.after_load += [self._prepare, self._follow, self.new_products.retire]
        self.ages = Ages(shop, self.table)
        self.metrics = ServerMetrics(
            lambda: self.workers.in_hand, self._version, self._ages_now, self._loaded
        )
        self.recommending = Recommending(shop, self.new_products, self.metrics.unfit)
        self.explaining = Explaining(shop, self.new_products, settings.most_top_k)
        shop.on_unfit = self.metrics.unfit
        holder.after_load.append(self._count)

    def served(self) -> Served:
        """The model that is served.

        Raises:
            ProblemError: 503, none is warm yet.
        """
        served = self.holder.served
        if served is None:
            raise ProblemError(503, "No model is ready yet.", {"Retry-After": "2"})
        return served

    def check_ages(self, served: Served) -> None:
        """Refuses where a part is older than the settings allow.

        Raises:
            ProblemError: 503.
        """
        told = beyond(self.ages.of_server(served), self.settings.max_ages_s)
        if told:
            raise ProblemError(503, f"{told}.", {"Retry-After": "2"})

    def answering(self, request: BaseModel) -> Answering:
        """Who answers a request; a record is kept if there is a recorder, and of no forgotten user."""
        if self.extras.recorder is None or getattr(request, "user_id", None) in self.extras.forgotten:
            return Answering(self.recommending)
        model = self.holder.served.model if self.holder.served else None
        hidden, kernel = (
            (None, False) if model is None else (model.hidden_ids, model.executors.kernel is not None)
        )
        offer = Offer(self.new_products.offered(model), hidden, kernel)
        return Recorded(self.extras.recorder, self.shop, self.new_products, offer, request)

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

    def start(self) -> None:
        """Begins to watch the push directory and the product table, and connects the workers."""
        self.holder.start()
        self.table.start()
        self.workers.prepare(self.shop.connect)

    def stop(self) -> None:
        """Ends what `start` began."""
        self.holder.stop()
        self.table.stop()
        self.workers.close()

    def _ages_now(self) -> AgesInSeconds:
        return self.ages.of_server(self.holder.served) if self.holder.served else {}

    def executors(self) -> list[str]:
        """The executors of the version that is served that are loaded."""
        return [name for name, is_loaded in self._loaded().items() if is_loaded]

    def _loaded(self) -> dict[str, bool]:
        if self.holder.served is None:
            return {KERNEL: False, SESSION: False}
        model = self.holder.served.model
        return {
            model.executors.of_kernel: model.executors.kernel is not None,
            SESSION: model.session.is_loaded,
        }

    def _prepare(self, model: PushedModel) -> None:
        """What is done when its session has been loaded behind."""
        model.on_session += [warm_session, self.new_products.take_session]

    def _follow(self, model: PushedModel) -> None:
        """Before a model is served, what is sold out is known."""
        self.following.attach(model)
        self.table.again()  # what is new in the table is another for each model
        if self.table.read_at is None:
            self.table.look()

    def _count(self, model: PushedModel) -> None:
        """Which executor makes its lists is counted."""
        model.executors.on_answer = self.metrics.lists
        self.metrics.kernel(model.executors.without_kernel)

    def _renew(self, model: PushedModel) -> None:
        served = self.holder.served
        if served is not None and served.model is model:
            served.renew()

    def _version(self) -> int:
        return int(self.holder.served.model.version) if self.holder.served else 0
