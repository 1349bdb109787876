"""Answers about products: which are similar to one, and which a text finds."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from serving.model.embeddings import column_lengths, embedding_length, nearest
from serving.model.pushed_model import PushedModel
from serving.new_products.merging import NewProducts
from serving.problems import ProblemError
from serving.recommend.requests import SearchRequest, SimilarRequest


def similar_answer(request: SimilarRequest, model: PushedModel, new: NewProducts) -> dict[str, Any]:
    """Answers a question for likeness.

    Args:
        request: The question.
        model: Answers it.
        new: Those of the side index, which come in.

    Raises:
        ProblemError: 404, nobody knows the product; 422, the embedding has no such length.
    """
    if request.embedding is not None:
        column = _column(request, model)
        vector = np.array(request.embedding, np.float64)
        items = new.near(nearest(model, vector, request.top_k, column), vector, model, request.top_k, column)
        return {"product_id": None, "column": column, "model_version": model.version, "items": items}
    product_id = str(request.product_id)
    items = model.similar(product_id, request.top_k, request.blend)
    items = new.similar(items, product_id, model, request.top_k, request.blend)
    if not items:
        raise ProblemError(404, f"The model knows no product {product_id!r}.")
    return {"product_id": product_id, "model_version": model.version, "items": items}


def search_answer(request: SearchRequest, model: PushedModel, new: NewProducts) -> dict[str, Any]:
    """Answers a question by text; products of the side index come in."""
    items = new.search(model.search(request.text, request.top_k), request.text, model, request.top_k)
    return {"text": request.text, "model_version": model.version, "items": items}


def _column(request: SimilarRequest, model: PushedModel) -> str | None:
    """The embedding column whose space a request means; None for the towers."""
    columns, towers, length = column_lengths(model), embedding_length(model), len(request.embedding or ())
    if towers is None:
        raise ProblemError(
            409,
            f"Model {model.version} was pushed before there was such a question. Remedy: `towerline run`.",
        )
    if request.column is not None:
        if request.column not in columns:
            known = ", ".join(columns) or "none"
            raise ProblemError(422, f"column: no such embedding column: {request.column}. Known: {known}.")
        if length != columns[request.column]:
            raise ProblemError(422, f"embedding: {columns[request.column]} numbers. Received: {length}.")
    elif length != towers:
        fitting = [name for name, its in columns.items() if its == length]
        if len(fitting) != 1:
            told = ", ".join(
                [f"{towers} (the towers)", *(f"{its} ({name})" for name, its in columns.items())]
            )
            many = "; name one by `column`" if fitting else ""
            raise ProblemError(422, f"embedding: as many numbers as {told}{many}. Received: {length}.")
    if not math.isfinite(sum(map(abs, request.embedding or ()))) or not any(request.embedding or ()):
        raise ProblemError(422, "embedding: finite numbers of which one at least is not 0.")
    if request.column is None and length != towers:
        return fitting[0]
    return request.column
