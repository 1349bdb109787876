"""Routes about products: why one is in a list, the side index, likeness, search and look-ups."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from fastapi.responses import JSONResponse, Response

from schema.source.ids import canonical_id
from serving.database.descriptions import read_row
from serving.http.server import Server
from serving.model.embeddings import embeds_products
from serving.model.pushed_model import PushedModel
from serving.new_products.product_features import checked_features
from serving.new_products.side_index import SideProduct
from serving.problems import ProblemError
from serving.recommend.product_queries import search_answer, similar_answer
from serving.recommend.requests import (
    ExplainRequest,
    NewProductRequest,
    SearchRequest,
    SimilarRequest,
)


def add_product_routes(app: FastAPI, server: Server) -> None:
    """Adds the routes to the application."""
    _question_routes(app, server)
    _explain_route(app, server)
    _side_routes(app, server)


def _question_routes(app: FastAPI, server: Server) -> None:
    @app.post("/v1/similar")
    async def similar(request: SimilarRequest) -> dict[str, Any]:
        """Products like a product, or nearest to a given embedding."""
        served = server.served()
        server.check_top_k(request.top_k)
        answer = await server.waiting.run(lambda: similar_answer(request, served.model, server.new_products))
        answer["ages_s"] = server.ages.of_products(served)
        await server.answering(request).keep("/v1/similar", answer)
        return answer

    @app.post("/v1/search")
    async def search(request: SearchRequest) -> dict[str, Any]:
        """Products for a text; no items if no part of it occurs in the catalogue."""
        served = server.served()
        server.check_top_k(request.top_k)
        answer = await server.waiting.run(lambda: search_answer(request, served.model, server.new_products))
        answer["ages_s"] = server.ages.of_products(served)
        await server.answering(request).keep("/v1/search", answer)
        return answer


def _explain_route(app: FastAPI, server: Server) -> None:
    @app.post("/v1/explain")
    async def explain(request: ExplainRequest) -> dict[str, Any]:
        """Why a product is, or is not, in a user's list, and the smallest changes that would bring it in."""
        served = server.served()
        server.check_top_k(request.top_k)
        answer = await server.waiting.run(lambda: server.explaining.answer(request, served))
        answer["ages_s"] = server.ages.of_answer(served, answer.get("fallback"))
        return answer


def _side_routes(app: FastAPI, server: Server) -> None:
    @app.post("/v1/products", status_code=201, responses={200: {"description": "It has been replaced."}})
    async def add(request: NewProductRequest) -> Response:
        """Makes a product reachable that the model does not know; it stays until a newer model knows it."""
        model = server.served().model
        replaced = await server.waiting.run(lambda: _add(request, model, server))
        body = {"product_id": request.product_id, "model_version": model.version, "replaced": replaced}
        return JSONResponse(body, 200 if replaced else 201)

    @app.get("/v1/products")
    async def listed() -> dict[str, Any]:
        """The products that have been added and that no model knows yet."""
        return {"products": list(server.new_products.rows().values())}

    @app.delete("/v1/products/{product_id:anything}", status_code=204)
    async def remove(product_id: str) -> Response:
        """Takes a product off that has been added."""
        if not await server.workers.run(lambda: server.new_products.index.remove([product_id])):
            raise ProblemError(404, f"No product {product_id!r} has been added.")
        return Response(status_code=204)

    @app.get("/v1/products/{product_id:anything}")
    async def product(product_id: str) -> dict[str, Any]:
        """A product's row, of the database or as it has been added; sets and paths as lists."""
        added = server.new_products.rows().get(product_id)
        if added is not None:
            return added
        rows = await server.workers.run(lambda: server.shop.product_rows([product_id]))
        known_id = canonical_id(product_id)
        if known_id not in rows:
            raise ProblemError(404, f"The database knows no product {product_id!r}.")
        return read_row(server.served().model.features, rows[known_id])


def _add(request: NewProductRequest, model: PushedModel, server: Server) -> bool:
    if not embeds_products(model):
        raise ProblemError(
            409,
            f"Model {model.version} cannot embed products by their features. Remedy: run the pipeline with "
            "product features (and not `retrieval.encoder: mf`).",
        )
    features = checked_features(model.features, request.features)
    if not features:
        raise ProblemError(422, "features: at least one value that is not null.")
    product = SideProduct(request.product_id, features, request.available)
    if model.similar(request.product_id, 1, 0.0):
        raise ProblemError(409, f"product_id: the model knows {request.product_id!r} already.")
    try:
        replaced = server.new_products.index.put(product)
    except ValueError as error:
        raise ProblemError(409, f"{error} Remedy: `towerline run` takes them into the model.") from error
    server.new_products.embedded(model)  # now, so that the next request finds it
    return replaced
