"""From a request to a list: the user's history, the model, then what the request asks of the list."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

import numpy as np

from schema.errors import UserError
from schema.features import FeatureSet, Kind
from schema.request import Query
from serving.holder import Served
from serving.problems import ProblemError
from serving.pushed_model import Items, PushedModel
from serving.requests import RecommendationRequest
from serving.rerank import codes_of_rows, matching, preferred, renumbered, unlike
from serving.shop import Shop

_POOL_FACTOR = 20
_LEAST_POOL = 200
_DIVERSITY_POOL = 5
_LEAST_DIVERSITY_POOL = 50

Answer = dict[str, Any]


class Recommending:
    """Answers requests for recommendations.

    Args:
        shop: The product database.
    """

    def __init__(self, shop: Shop) -> None:
        self._shop = shop

    def answer(self, request: RecommendationRequest, served: Served) -> Answer:
        """The answer as `towerline recommend --json` prints it, with `timings_ms`.

        When the database cannot be read, the user is answered like a stranger, and `fallback` says so.

        Raises:
            ProblemError: 422, a context, filter or preference names no column.
        """
        started = time.perf_counter()
        features = served.model.features
        check_columns(request, features)
        fallback = None
        try:
            query, known = self._query(request, served)
        except UserError:
            query, known, fallback = Query(request.user_id or "", int(time.time())), False, "no_history"
        found = time.perf_counter()
        wanted = _pool(request, served.model.num_products)
        items = served.model.recommend([query], wanted, request.exclude_purchased)[0]
        ranked = time.perf_counter()
        items = self._finish(items, request, served.model)
        timings = {
            "history": found - started,
            "model": ranked - found,
            "post_ranking": time.perf_counter() - ranked,
        }
        return _answer(request, served, known, items, timings, fallback)

    def _query(self, request: RecommendationRequest, served: Served) -> tuple[Query, bool]:
        model = served.model
        if request.history is None and request.user_id is not None:
            query, known = self._shop.question(request.user_id, model.features, model.history_length)
        else:
            query, known = Query(request.user_id or "", self._shop.now()), False
        if request.history is not None:
            events = sorted(request.history, key=lambda event: event.occurred_at)
            default = model.features.event_types[0]
            newest = events[-1].occurred_at + 1 if events else 0
            query = Query(
                query.user_id,
                max(query.query_time, newest),
                [event.product_id for event in events],
                [event.occurred_at for event in events],
                [event.event_type or default for event in events],
            )
        if request.context:
            features = {**query.features, **request.context}
            query = Query(
                query.user_id, query.query_time, query.product_ids, query.times, query.event_types, features
            )
        return query, known

    def _finish(self, items: Items, request: RecommendationRequest, model: PushedModel) -> Items:
        wanted = bool(request.filters or request.preferences)
        if not (wanted or request.diversity):
            return items[: request.top_k]
        rows = self._shop.product_rows([item["product_id"] for item in items]) if wanted else {}
        if request.filters:
            items = matching(items, rows, request.filters)
        if request.preferences:
            items = preferred(items, rows, request.preferences)
        if request.diversity:
            items = items[: _pool_of_diversity(request)]
            codes = self._category_codes([item["product_id"] for item in items], model)
            items = [items[place] for place in unlike(codes, request.diversity, request.top_k)]
        return renumbered(items[: request.top_k])

    def _category_codes(self, product_ids: list[str], model: PushedModel) -> np.ndarray:
        codes = model.category_codes(product_ids)
        if codes is not None:
            return codes
        columns = [column.name for column in model.features.products if column.kind is Kind.CATEGORY]
        return codes_of_rows(product_ids, self._shop.product_rows(product_ids), columns)


def popular_answer(request: RecommendationRequest, served: Served) -> Answer:
    """What is answered when there was no time: popular products, marked as such."""
    return _answer(request, served, False, served.popular[: request.top_k], {}, "popular")


def check_columns(request: RecommendationRequest, features: FeatureSet) -> None:
    """Refuses columns that the model does not know.

    Raises:
        ProblemError: 422, with the columns that there are.
    """
    given: dict[str, tuple[Mapping[str, Any], list[str]]] = {
        "context": (request.context or {}, [column.name for column in features.users]),
        "filters": (request.filters or {}, [column.name for column in features.products]),
        "preferences": (request.preferences or {}, [column.name for column in features.products]),
    }
    for field, (values, columns) in given.items():
        unknown = sorted(set(values) - set(columns))
        if unknown:
            raise ProblemError(
                422, f"{field}: no such column: {', '.join(unknown)}. Known: {', '.join(columns)}."
            )


def _pool(request: RecommendationRequest, num_products: int) -> int:
    """How many items the model is asked for, so that enough are left."""
    if not (request.filters or request.preferences or request.diversity):
        return request.top_k
    if not (request.filters or request.preferences):
        return min(num_products, _pool_of_diversity(request))
    wanted = max(_POOL_FACTOR * request.top_k, _LEAST_POOL)
    return min(num_products, num_products if request.filters else wanted)


def _pool_of_diversity(request: RecommendationRequest) -> int:
    return max(_DIVERSITY_POOL * request.top_k, _LEAST_DIVERSITY_POOL)


def _answer(
    request: RecommendationRequest,
    served: Served,
    known: bool,
    items: Items,
    seconds: Mapping[str, float],
    fallback: str | None,
) -> Answer:
    answer: Answer = {
        "user_id": request.user_id,
        "model_version": served.model.version,
        "known_user": known,
        "items": items,
        "timings_ms": {name: round(value * 1000, 3) for name, value in seconds.items()},
    }
    return answer if fallback is None else {**answer, "fallback": fallback}
