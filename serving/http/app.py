"""The application: routes, and what begins and ends with it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, Any

from fastapi import FastAPI, Query
from fastapi.responses import JSONResponse, Response
from fastapi.routing import APIRoute
from starlette.convertors import StringConvertor, register_url_convertor
from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp

from schema.errors import UserError
from serving import problems
from serving.http.middleware import METHODS, Guard
from serving.http.pages import add_pages
from serving.http.product_routes import add_product_routes
from serving.http.runs_page import add_runs_page
from serving.http.server import Server
from serving.problems import ProblemError
from serving.recommend.fallback import popular_answer
from serving.recommend.recommending import Answer
from serving.recommend.requests import RecommendationRequest

_ERRORS: dict[int | str, dict[str, Any]] = {
    code: {"description": text, "content": {problems.MEDIA_TYPE: {}}}
    for code, text in {
        401: "The bearer token is missing or wrong.",
        404: "There is no such thing.",
        409: "It does not go with the model that is served.",
        408: "The request did not come whole in time.",
        413: "The body is too large.",
        415: "The body is not declared as JSON.",
        422: "The request is not valid.",
        429: "Too many requests are waiting.",
        503: "No model is warm, or the database is away.",
    }.items()
}


class _Anything(StringConvertor):
    """Ids may hold slashes and line ends."""

    regex = "(?s:.+)"


register_url_convertor("anything", _Anything())


def create_app(server: Server) -> ASGIApp:
    """Returns the application, guarded; it starts and stops the watch of the push directory."""

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        server.start()
        yield
        server.stop()

    app = FastAPI(
        title="Towerline", version="1", lifespan=lifespan, responses=_ERRORS, docs_url=None, redoc_url=None
    )
    problems.install(app)
    _recommendation_routes(app, server)
    add_product_routes(app, server)
    _lookup_routes(app, server)
    _operation_routes(app, server)
    add_runs_page(app, server)
    add_pages(app)
    queued = frozenset(
        route.path for route in app.routes if isinstance(route, APIRoute) and "POST" in (route.methods or ())
    )
    guarded = Guard(app, server.settings, server.metrics, lambda: server.workers.is_full, queued)
    if not server.settings.cors_origins:
        return guarded
    return CORSMiddleware(
        guarded,
        allow_origins=server.settings.cors_origins,
        allow_methods=METHODS,
        allow_headers=["authorization", "content-type", "x-request-id"],
        expose_headers=["x-request-id"],
    )


def _recommendation_routes(app: FastAPI, server: Server) -> None:
    @app.post("/v1/recommendations", response_model=Answer)
    async def recommendations(request: RecommendationRequest) -> Response:
        """Recommendations for a user, known or not, or for the history that the request carries."""
        served = server.served()
        server.check_top_k(request.top_k)
        answering = server.answering(request)
        try:
            answer = await server.waiting.run(
                lambda: answering.recommending.answer(request, served), server.budget(request)
            )
        except TimeoutError:
            answer = popular_answer(request, served)
        answer["ages_s"] = server.ages.of_answer(served, answer.get("fallback"))
        await answering.keep("/v1/recommendations", answer)
        if "fallback" in answer:
            server.metrics.fallback(answer["fallback"])
        # It holds plain values alone: looking at each of them once more costs more than writing them.
        return JSONResponse(answer)


def _lookup_routes(app: FastAPI, server: Server) -> None:
    @app.get("/v1/users")
    async def users(
        prefix: Annotated[str, Query(max_length=500)] = "",
        limit: Annotated[int, Query(ge=1, le=100)] = 20,
    ) -> dict[str, Any]:
        """Ids that begin with `prefix`, of the users whom the model's snapshot and the database know."""
        found = server.served().histories.users(prefix, limit)
        try:
            return {"users": await server.workers.run(lambda: server.shop.known_users(found))}
        except UserError:  # the database is away: the snapshot is all there is
            return {"users": found}

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


def _operation_routes(app: FastAPI, server: Server) -> None:
    @app.get("/healthz")
    async def healthz() -> dict[str, str]:
        """Whether the process answers."""
        return {"status": "ok"}

    @app.get("/readyz")
    async def readyz() -> dict[str, Any]:
        """Whether a model is warm, and no part of its answers older than `serve.max_ages_s` allows."""
        served = server.served()
        server.check_ages(served)
        version, executors = served.model.version, server.executors()
        return {"status": "ready", "model_version": version, "executors": executors}

    @app.get("/metrics", include_in_schema=False)
    async def metrics() -> Response:
        return Response(server.metrics.text(), media_type="text/plain; version=0.0.4")
