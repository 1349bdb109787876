"""From a request to a list: the user's history, the model, then what the request asks of the list."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

import numpy as np

from schema import names
from schema.errors import UserError
from schema.features import FeatureSet, Kind
from schema.request import Query
from serving.catalogue import IntArray
from serving.holder import Served
from serving.items import Items
from serving.problems import ProblemError
from serving.pushed_model import PushedModel
from serving.requests import RecommendationRequest, ValueRange
from serving.rerank import Wish
from serving.shop import Shop

_POOL_FACTOR = 20
_LEAST_POOL = 200

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
        items, seconds = ask(request, query, served.model)
        timings = {"history": found - started, **seconds}
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


def ask(request: RecommendationRequest, query: Query, model: PushedModel) -> tuple[Items, dict[str, float]]:
    """Asks the model, and picks what the request wants.

    The first hundreds of the list are looked at; if too few of them are wanted ones, all of the catalogue
    is, in the order in which the model fills its lists: by score, then by popularity.

    Returns:
        Items, and seconds of `model` and `post_ranking`.
    """
    columns = [column.name for column in model.features.products if column.kind is Kind.CATEGORY]
    filters, preferences = request.filters or {}, request.preferences or {}
    wish = Wish(
        request.top_k,
        _plain(filters),
        _plain(preferences),
        request.diversity,
        columns,
        _recent(request, query, model),
    )
    started = time.perf_counter()
    pool = min(max(_POOL_FACTOR * request.top_k, _LEAST_POOL), model.num_products)
    first = pool if wish.changes_lists else request.top_k
    ranked = model.ranked([query], first, request.exclude_purchased)
    answered = time.perf_counter()
    if not wish.changes_lists:
        return ranked.items(0), {"model": answered - started, "post_ranking": 0.0}
    places = model.catalogue.places(ranked.product_ids(0))
    if pool < model.num_products and not wish.is_met(places, model.catalogue):
        ranked = model.ranked([query], model.num_products, request.exclude_purchased)
        places = model.catalogue.places(ranked.product_ids(0))
        answered = time.perf_counter()
    items = ranked.items(0, wish.chosen(places, model.catalogue))
    return items, {"model": answered - started, "post_ranking": time.perf_counter() - answered}


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


def _recent(request: RecommendationRequest, query: Query, model: PushedModel) -> IntArray:
    """Products that the user bought within `exclude_purchased_days`, places in the catalogue."""
    if request.exclude_purchased_days is None:
        return np.zeros(0, np.int64)
    since = query.query_time - request.exclude_purchased_days * names.SECONDS_PER_DAY
    events = zip(query.product_ids, query.times, query.event_types, strict=True)
    bought = {
        product
        for product, moment, kind in events
        if moment > since and model.event_weights.get(kind, 1.0) > 0
    }
    places = model.catalogue.places(sorted(bought))
    return places[places >= 0]


def _plain(wanted: Mapping[str, Any]) -> dict[str, Any]:
    """Ranges as plain mappings."""
    return {
        column: value.model_dump(exclude_none=True) if isinstance(value, ValueRange) else value
        for column, value in wanted.items()
    }


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
