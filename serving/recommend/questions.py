"""Of whom a request speaks: the user's history and features, with what the request itself says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from schema.errors import UserError
from schema.served.request import Query
from schema.source.ids import canonical_id
from serving.model.holder import Served
from serving.model.pushed_model import PushedModel
from serving.recommend.reading import HistoryReader
from serving.recommend.requests import RecommendationRequest


@dataclass(frozen=True)
class Question:
    """What was read of a user.

    Attributes:
        read: The history and features as they were read.
        known: Whether the user is known.
        fallback: What stood in for the database: `snapshot`, or `no_history` for a user whom that does not
            know either; None if it answered.
        model: Says which event type is the usual one.
    """

    read: Query
    known: bool
    fallback: str | None
    model: PushedModel

    def query(self, request: RecommendationRequest) -> Query:
        """What was read, with the history, the cart and the context of a request."""
        query, default = self.read, self.model.features.event_types[0]
        if request.history is not None:
            events = sorted(request.history, key=lambda event: event.occurred_at)
            newest = events[-1].occurred_at + 1 if events else 0
            query = Query(
                query.user_id,
                max(query.query_time, newest),
                [canonical_id(event.product_id) for event in events],
                [event.occurred_at for event in events],
                [event.event_type or default for event in events],
            )
        if request.cart:
            query = with_basket(query, request.cart, default)
        if request.context:
            query = replace(query, features={**query.features, **request.context})
        return query


def read_question(request: RecommendationRequest, served: Served, shop: HistoryReader) -> Question:
    """Reads the user of a request; the snapshot that was pushed with the model stands in for the database."""
    try:
        return Question(*_read(request, served.model, shop), None, served.model)
    except UserError:
        query, known = _read(request, served.model, served.histories)
        fallback = "snapshot" if known or request.history is not None else "no_history"
        return Question(query, known, fallback, served.model)


def with_basket(query: Query, product_ids: Sequence[str], event_type: str) -> Query:
    """The query right after these products were taken together."""
    count = len(product_ids)
    return Query(
        query.user_id,
        query.query_time + 1,
        [*query.product_ids, *product_ids],
        [*query.times, *[query.query_time] * count],
        [*query.event_types, *[event_type] * count],
        query.features,
    )


def _read(request: RecommendationRequest, model: PushedModel, source: HistoryReader) -> tuple[Query, bool]:
    if request.history is None and request.user_id is not None:
        return source.question(request.user_id, model.features, model.history_length)
    user_id = "" if request.user_id is None else source.known_as(request.user_id)
    return Query(user_id, source.now()), False
