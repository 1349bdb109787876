"""Asks the model for a list, and picks from it what a request wants."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

import numpy as np

from schema import names
from schema.features import Kind
from schema.served.request import Query
from serving.model.catalogue import Catalogue, IntArray
from serving.model.items import Items, Ranked, renumbered
from serving.model.pushed_model import PushedModel
from serving.new_products.merging import NewProducts
from serving.recommend.requests import RecommendationRequest
from serving.recommend.rerank import ListConstraints

_MOST_FURTHER = 200
"""So many products more are asked for at first, in place of those that are left out."""


@dataclass(frozen=True)
class Answered:
    """What a request gets.

    Attributes:
        items: The list.
        before: The list before filters, preferences and diversity; empty where nobody asks for it.
        seconds: Of `model` and `post_ranking`.
    """

    items: Items
    before: Items
    seconds: Mapping[str, float]


class _List:
    """A list of the model, with the products of the side index that belong into it."""

    def __init__(self, ranked: Ranked, joined: Items | None) -> None:
        self._ranked, self._joined = ranked, joined

    def product_ids(self) -> list[str]:
        if self._joined is None:
            return self._ranked.product_ids(0)
        return [item["product_id"] for item in self._joined]

    def without(self, left_out: Collection[str]) -> IntArray:
        """Positions of the products that are not among these."""
        kept = [index for index, name in enumerate(self.product_ids()) if name not in left_out]
        return np.array(kept, np.int64)

    def items(self, chosen: IntArray | None = None) -> Items:
        """Items at positions of the list, all by default."""
        if self._joined is None:
            return self._ranked.items(0, chosen)
        return self._joined if chosen is None else renumbered([self._joined[index] for index in chosen])


_Lister = Callable[[int, float | None], _List]
Ranking = Callable[[int, float | None], Ranked]
"""The model's list of a length, at a diversity; None is the configured one."""


def ask(
    request: RecommendationRequest,
    query: Query,
    model: PushedModel,
    new: NewProducts,
    ranking: Ranking | None = None,
) -> Answered:
    """Asks the model, and picks what the request wants.

    The model makes its lists as diverse as the request wants. Where more than that is wanted, or products
    of the side index come in, it gives a longer list in the order of relevance, from which is picked here.

    Args:
        request: The request.
        query: Its user.
        model: Is asked.
        new: Those of the side index.
        ranking: Stands in for the model's own, to see what would be.
    """
    constraints = _constraints(request, query, model)

    def listed(count: int, diversity: float | None) -> _List:
        if ranking is not None:
            ranked = ranking(count, diversity)
        else:
            ranked = model.ranked([query], count, request.exclude_purchased, diversity)
        if new.embedded(model) is None:
            return _List(ranked, None)
        return _List(ranked, new.joined(ranked.items(0), query, model, count, request.exclude_purchased))

    if constraints.changes_lists and not _by_model(constraints, model, new):
        return _picked(constraints, request, model, new, listed)
    started = time.perf_counter()
    items = _without(request, model, listed)
    seconds = {"model": time.perf_counter() - started, "post_ranking": 0.0}
    if not (request.explain and constraints.changes_lists):
        return Answered(items, items, seconds)
    pool = min(constraints.pool, model.num_products)
    return Answered(items, listed(pool, 0.0).items(), seconds)


def diversity_of_model(
    request: RecommendationRequest, query: Query, model: PushedModel, new: NewProducts
) -> float | None:
    """The diversity at which the model is asked for the request's list; None is the configured one."""
    constraints = _constraints(request, query, model)
    if not model.takes_diversity or request.diversity is None:
        return None
    # Where something is picked, the diversity that the request wants comes after that.
    return 0.0 if constraints.changes_lists and not _by_model(constraints, model, new) else request.diversity


def _by_model(constraints: ListConstraints, model: PushedModel, new: NewProducts) -> bool:
    """Whether the model itself gives all that is wanted."""
    return model.takes_diversity and not constraints.picks and new.embedded(model) is None


def _without(request: RecommendationRequest, model: PushedModel, listed: _Lister) -> Items:
    """The list without what the request leaves out: asked for at greater length, and cut."""
    left_out = request.left_out
    diversity = request.diversity if model.takes_diversity else None
    if not left_out:
        return listed(request.top_k, diversity).items()
    count = request.top_k + min(len(left_out), _MOST_FURTHER)
    while True:
        found = listed(count, diversity)
        kept = found.without(left_out)
        if len(kept) >= request.top_k or count >= model.num_products:
            return found.items(kept[: request.top_k])
        count = model.num_products


def _picked(
    constraints: ListConstraints,
    request: RecommendationRequest,
    model: PushedModel,
    new: NewProducts,
    listed: _Lister,
) -> Answered:
    """Picks from the first hundreds of the list.

    If too few of them are wanted ones, from all of the catalogue, in the order in which the model fills its
    lists: by score, then by popularity.
    """
    started = time.perf_counter()
    diversity = None if request.diversity is None or not model.takes_diversity else 0.0
    pool = min(constraints.pool + min(len(request.left_out), _MOST_FURTHER), model.num_products)
    found = listed(pool, diversity)
    answered = time.perf_counter()
    catalogue = new.catalogue(model)
    kept = found.without(request.left_out)
    rows = catalogue.rows(found.product_ids())[kept]
    before = found.items() if request.explain else []
    if pool < model.num_products and not constraints.is_met(rows, catalogue):
        found = listed(model.num_products, diversity)
        kept = found.without(request.left_out)
        rows = catalogue.rows(found.product_ids())[kept]
        answered = time.perf_counter()
    items = found.items(kept[constraints.chosen(rows, catalogue)])
    seconds = {"model": answered - started, "post_ranking": time.perf_counter() - answered}
    return Answered(items, before, seconds)


def _constraints(request: RecommendationRequest, query: Query, model: PushedModel) -> ListConstraints:
    return ListConstraints(
        request.top_k,
        request.filters or {},
        request.preferences or {},
        request.diversity or 0.0,
        [c.name for c in model.features.products if c.kind is Kind.CATEGORY or c.has_members],
        _known(model.catalogue, bought_within(request, query, model)),
    )


def bought_within(request: RecommendationRequest, query: Query, model: PushedModel) -> set[str]:
    """Products that the user bought within `exclude_purchased_days`."""
    if request.exclude_purchased_days is None:
        return set()
    since = query.query_time - request.exclude_purchased_days * names.SECONDS_PER_DAY
    events = zip(query.product_ids, query.times, query.event_types, strict=True)
    return {
        product
        for product, moment, kind in events
        if moment > since and model.event_weights.get(kind, 1.0) > 0
    }


def _known(catalogue: Catalogue, product_ids: set[str]) -> IntArray:
    rows = catalogue.rows(sorted(product_ids))
    return rows[rows >= 0]
