"""Products that the model does not know: of the side index, of the product table alone, or of nobody."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from typing import Any, Final

from schema import names
from serving.model.embeddings import embed_query, embeds_products, nearest
from serving.new_products.inserting import slots_for_new
from serving.new_products.merging import Embedded
from serving.new_products.side_rules import permitted
from serving.recommend.why.barriers import (
    AVAILABILITY,
    PURCHASED,
    RULES,
    Barrier,
    filters,
    of_request,
    repeats_allowed,
    rule_name,
    without_rule,
)
from serving.recommend.why.case import Case, Conditions
from serving.recommend.why.words import ordinal

SIDE_INDEX: Final = "side_index"
PRODUCT: Final = "product"

Stage = dict[str, Any]


def is_new(case: Case) -> bool:
    """Whether the side index lets the product into lists."""
    return _row_in(case) is not None


def unreachable(case: Case) -> Stage:
    """Why a product is in no list that is neither of the model nor of the side index."""
    added = {product.product_id: product for product in case.new.index.products}
    available = None if case.row is None else case.row.get(names.AVAILABLE, 1)
    if (case.product_id in added and not added[case.product_id].available) or available == 0:
        text = "it is not available, and the model does not know it yet"
        return {"stage": AVAILABILITY, "passed": False, "text": text}
    if case.row is None and case.product_id not in added:
        text = "nobody knows such a product: neither the model, nor the product table, nor what was added"
        return {"stage": PRODUCT, "passed": False, "text": text}
    if not embeds_products(case.model):
        text = "it is newer than the model, which cannot embed products by their features"
    else:
        text = "it is newer than the model, and not yet among the new products, or has no value of any column"
    return {"stage": PRODUCT, "passed": False, "text": f"{text}; `towerline run` takes it in"}


def stage(case: Case, conditions: Conditions) -> Stage:
    """Where the towers, which alone place a new product, see it."""
    top_k = conditions.request.top_k
    vector = embed_query(case.model, case.query(conditions))
    cosine = float(_embedded(case).cosines(vector)[_row_in(case) or 0])
    retrieved = [-item["score"] for item in nearest(case.model, vector, case.model.num_products)]
    rank = 1 + bisect_left(retrieved, -cosine)
    text = (
        f"it is newer than the model: the towers alone place it, {ordinal(rank)} among all products; a list "
        f"takes those of the first {top_k:,} (`top_k`), at most {slots_for_new(top_k)} of them"
    )
    return {"stage": SIDE_INDEX, "passed": rank <= top_k, "text": text, "rank": rank, "top_k": top_k}


def barriers_of_new(case: Case, conditions: Conditions) -> list[Barrier]:
    """What keeps a new product out whatever its rank."""
    found = [*of_request(case, conditions)]
    query = case.query(conditions)
    if conditions.request.exclude_purchased and case.product_id in query.product_ids:
        text = "it is in the history, and the request leaves out what was bought"
        found.append(Barrier(PURCHASED, text, repeats_allowed()))
    return [*found, *_rules(case, conditions), *filters(case, conditions)]


def _rules(case: Case, conditions: Conditions) -> Iterator[Barrier]:
    model, query = case.model, case.query(conditions)
    catalogue = case.new.catalogue(model)
    for number, rule in enumerate(model.rules):
        if not permitted([case.product_id], [], [rule], query, model.features, catalogue):
            name = rule_name(case, number)
            text = f"the rule “{name}” keeps new products of its kind out"
            yield Barrier(RULES, text, without_rule(number, name))


def _embedded(case: Case) -> Embedded:
    found = case.new.embedded(case.model)
    if found is None:
        raise LookupError(f"{case.product_id} is not in the side index")
    return found


def _row_in(case: Case) -> int | None:
    found = case.new.embedded(case.model)
    ids = [] if found is None else [product.product_id for product in found.products]
    return ids.index(case.product_id) if case.product_id in ids else None
