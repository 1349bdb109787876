"""What a question about one product is asked of, and how its answer would be under other conditions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from schema.served.request import Query
from serving.model.items import Ranked
from serving.model.pushed_model import PushedModel
from serving.model.tracing import Trace, TraceSubject, WhatIf, ranked_if, trace
from serving.new_products.merging import NewProducts
from serving.recommend.asking import ask, diversity_of_model
from serving.recommend.questions import Question, with_basket
from serving.recommend.requests import RecommendationRequest


@dataclass(frozen=True)
class Conditions:
    """Under which a list is made.

    Attributes:
        request: The request.
        purchases: How many more purchases of the product, just now, the history has.
        what_if: What of the model does not count.
    """

    request: RecommendationRequest
    purchases: int = 0
    what_if: WhatIf = field(default_factory=WhatIf)


@dataclass(frozen=True)
class Case:
    """One product and one list.

    Attributes:
        product_id: The product.
        question: The user.
        model: Answers.
        new: Products of the side index.
        row: The product's row of the database; None without one, and if the database cannot be read.
        longest: Longest list that may be asked for.
    """

    product_id: str
    question: Question
    model: PushedModel
    new: NewProducts
    row: Mapping[str, Any] | None
    longest: int

    @property
    def is_known(self) -> bool:
        """Whether the model knows the product."""
        return bool(self.model.catalogue.rows([self.product_id])[0] >= 0)

    def query(self, conditions: Conditions) -> Query:
        """The user."""
        query = self.question.query(conditions.request)
        if not conditions.purchases:
            return query
        return with_basket(query, [self.product_id] * conditions.purchases, self.bought)

    @property
    def bought(self) -> str:
        """The event type that says that something is bought."""
        types = self.model.features.event_types
        return next((kind for kind in types if self.model.event_weights.get(kind, 1.0) > 0), types[0])

    def rank(self, conditions: Conditions) -> int:
        """The rank of the product in the list, as if it were available; 0 if it is not in it."""
        request, query = conditions.request, self.query(conditions)
        subject = self._subject(conditions, query)

        def ranking(count: int, diversity: float | None) -> Ranked:
            return ranked_if(self.model, subject, count, diversity, conditions.what_if)

        found = ask(request, query, self.model, self.new, ranking if self.is_known else None).items
        return next((item["rank"] for item in found if item["product_id"] == self.product_id), 0)

    def trace(self, conditions: Conditions) -> Trace:
        """The way of a product that the model knows, as if it were available."""
        query = self.query(conditions)
        diversity = diversity_of_model(conditions.request, query, self.model, self.new)
        return trace(self.model, self._subject(conditions, query), diversity, conditions.what_if)

    def long(self, conditions: Conditions) -> Conditions:
        """The same for the longest list."""
        side = len(self.new.index.products)
        top_k = max(min(self.longest, self.model.num_products + side), conditions.request.top_k)
        return with_request(conditions, {"top_k": top_k})

    def _subject(self, conditions: Conditions, query: Query) -> TraceSubject:
        return TraceSubject(query, self.product_id, conditions.request.exclude_purchased)


def with_request(conditions: Conditions, changes: Mapping[str, Any]) -> Conditions:
    """The same with other values of fields of the request."""
    return replace(conditions, request=conditions.request.model_copy(update=dict(changes)))
