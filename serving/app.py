"""The application: routes, and what begins and ends with it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from fastapi.responses import FileResponse, JSONResponse, Response
from starlette.convertors import StringConvertor, register_url_convertor
from starlette.types import ASGIApp

from serving import problems
from serving.holder import ModelHolder, Served
from serving.metrics import ServerMetrics
from serving.middleware import Guard
from serving.problems import ProblemError
from serving.recommending import Answer, Recommending, popular_answer
from serving.requests import RecommendationRequest, SearchRequest, SimilarRequest
from serving.settings import ServerSettings
from serving.shop import Shop
from serving.workers import Workers

_STATIC = Path(__file__).parent / "static"
_POLICY = "default-src 'self'; style-src 'self' 'unsafe-inline'; script-src 'self' 'unsafe-inline'"
_ERRORS: dict[int | str, dict[str, Any]] = {
    code: {"description": text, "content": {problems.MEDIA_TYPE: {}}}
    for code, text in {
        401: "The bearer token is missing or wrong.",
        404: "There is no such thing.",
        413: "The body is too large.",
        422: "The request is not valid.",
        429: "Too many requests are waiting.",
        503: "No model is warm, or the database is away.",
    }.items()
}


class _Anything(StringConvertor):
    """Ids may hold slashes and line ends."""

    regex = "(?s:.+)"


register_url_convertor("anything", _Anything())


class Server:
    """All that the routes need.

    Args:
        settings: Limits.
        holder: The model.
        shop: The product database.
    """

    def __init__(self, settings: ServerSettings, holder: ModelHolder, shop: Shop) -> None:
        self.settings, self.holder, self.shop = settings, holder, shop
        self.workers = Workers(settings.num_workers, settings.most_waiting)
        self.recommending = Recommending(shop)
        self.metrics = ServerMetrics(lambda: self.workers.in_hand, self._version)

    def served(self) -> Served:
        """The model that is served.

        Raises:
            ProblemError: 503, none is warm yet.
        """
        served = self.holder.served
        if served is None:
            raise ProblemError(503, "No model is ready yet.", {"Retry-After": "2"})
        return served

    def check_top_k(self, top_k: int) -> None:
        """Refuses longer lists than the settings allow.

        Raises:
            ProblemError: 422.
        """
        if top_k > self.settings.most_top_k:
            raise ProblemError(422, f"top_k: at most {self.settings.most_top_k}. Received: {top_k}.")

    def _version(self) -> int:
        return int(self.holder.served.model.version) if self.holder.served else 0


def create_app(server: Server) -> ASGIApp:
    """Returns the application, guarded; it starts and stops the watch of the push directory."""

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        server.holder.start()
        yield
        server.holder.stop()
        server.workers.close()

    app = FastAPI(
        title="Towerline", version="1", lifespan=lifespan, responses=_ERRORS, docs_url=None, redoc_url=None
    )
    problems.install(app)
    _recommendation_routes(app, server)
    _lookup_routes(app, server)
    _operation_routes(app, server)
    return Guard(app, server.settings, server.metrics)


def _recommendation_routes(app: FastAPI, server: Server) -> None:
    @app.post("/v1/recommendations", response_model=Answer)
    async def recommendations(request: RecommendationRequest) -> Response:
        """Recommendations for a user, known or not, or for the history that the request carries."""
        served = server.served()
        server.check_top_k(request.top_k)
        try:
            answer = await server.workers.run(
                lambda: server.recommending.answer(request, served), server.settings.budget_ms / 1000
            )
        except TimeoutError:
            answer = popular_answer(request, served)
        if "fallback" in answer:
            server.metrics.fallback(answer["fallback"])
        # It holds plain values alone: looking at each of them once more costs more than writing them.
        return JSONResponse(answer)

    @app.post("/v1/similar")
    async def similar(request: SimilarRequest) -> dict[str, Any]:
        """Products like a product."""
        model = server.served().model
        server.check_top_k(request.top_k)
        items = await server.workers.run(
            lambda: model.similar(request.product_id, request.top_k, request.blend)
        )
        if not items:
            raise ProblemError(404, f"The model knows no product {request.product_id!r}.")
        return {"product_id": request.product_id, "model_version": model.version, "items": items}

    @app.post("/v1/search")
    async def search(request: SearchRequest) -> dict[str, Any]:
        """Products for a text; no items if no part of it occurs in the catalogue."""
        model = server.served().model
        server.check_top_k(request.top_k)
        items = await server.workers.run(lambda: model.search(request.text, request.top_k))
        return {"text": request.text, "model_version": model.version, "items": items}


def _lookup_routes(app: FastAPI, server: Server) -> None:
    @app.get("/v1/users/{user_id:anything}")
    async def user(user_id: str) -> dict[str, Any]:
        """A user's row and history, oldest event first."""
        model = server.served().model
        query, known = await server.workers.run(
            lambda: server.shop.question(user_id, model.features, model.history_length)
        )
        if not known:
            raise ProblemError(404, f"The database knows no user {user_id!r}.")
        events = zip(query.product_ids, query.times, query.event_types, strict=True)
        names = ("product_id", "occurred_at", "event_type")
        history = [dict(zip(names, event, strict=True)) for event in events]
        return {"user_id": user_id, "features": dict(query.features), "history": history}

    @app.get("/v1/products/{product_id:anything}")
    async def product(product_id: str) -> dict[str, Any]:
        """A product's row."""
        rows = await server.workers.run(lambda: server.shop.product_rows([product_id]))
        if product_id not in rows:
            raise ProblemError(404, f"The database knows no product {product_id!r}.")
        return rows[product_id]


def _operation_routes(app: FastAPI, server: Server) -> None:
    @app.get("/healthz")
    async def healthz() -> dict[str, str]:
        """Whether the process answers."""
        return {"status": "ok"}

    @app.get("/readyz")
    async def readyz() -> dict[str, str]:
        """Whether a model is warm."""
        return {"status": "ready", "model_version": server.served().model.version}

    @app.get("/metrics", include_in_schema=False)
    async def metrics() -> Response:
        return Response(server.metrics.text(), media_type="text/plain; version=0.0.4")

    @app.get("/", include_in_schema=False)
    async def explorer() -> Response:
        return FileResponse(_STATIC / "index.html", headers={"Content-Security-Policy": _POLICY})
