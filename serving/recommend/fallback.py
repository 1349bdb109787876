"""What is answered when there is no time for the model: what is popular, in the segment if possible."""

from __future__ import annotations

from typing import Any

from serving.model.holder import Served
from serving.model.items import Items
from serving.recommend.recommending import Answer, compose
from serving.recommend.requests import RecommendationRequest

_ASKED = ("filters", "preferences", "diversity", "history")


def popular_answer(request: RecommendationRequest, served: Served) -> Answer:
    """Popular products, marked `popular_in_segment` (with the `segment`) or `popular`.

    The segment is that of the request's context, or of the snapshot pushed with the model; neither the
    database nor the model is asked. `not_applied` names the fields of the request that do not count here.
    """
    features = served.histories.features(request.user_id) if request.user_id is not None else {}
    products, segment = served.histories.popular_in_segment({**features, **(request.context or {})})
    left_out = request.left_out | (_purchased(request, served) if request.exclude_purchased else set())
    items = [
        item
        for item in _items(products, segment, served)
        if item["product_id"] not in left_out and not served.model.is_hidden(item["product_id"])
    ]
    items = [{**item, "rank": rank} for rank, item in enumerate(items[: request.top_k], 1)]
    answer = compose(request, served, False, items, {}, "popular_in_segment" if segment else "popular")
    if segment:
        answer["segment"] = segment
    ignored = [name for name in _ASKED if getattr(request, name)]
    return {**answer, "not_applied": ignored} if ignored else answer


def _items(products: list[str], segment: dict[str, str], served: Served) -> Items:
    """Those of the segment, then those for anybody."""
    reason = "popular with " + ", ".join(f"{name} {value}" for name, value in segment.items())
    count = max(len(products), 1)
    found: Items = [
        {"product_id": name, "score": 1.0 - index / count, "source": "popular", "reason": reason}
        for index, name in enumerate(products)
    ]
    there = set(products)
    return found + [item for item in served.popular if item["product_id"] not in there]


def _purchased(request: RecommendationRequest, served: Served) -> set[Any]:
    if request.history is not None:
        return {event.product_id for event in request.history}
    if request.user_id is None:
        return set()
    model = served.model
    return set(
        served.histories.question(request.user_id, model.features, model.history_length)[0].product_ids
    )
