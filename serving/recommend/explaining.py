"""How an answer came about: candidates by source, the order of the ranker, the list before the wishes."""

from __future__ import annotations

from collections import Counter
from typing import Any

from schema import names
from schema.errors import UserError
from schema.served.request import Query, encode_queries
from serving.model.items import Items
from serving.model.pushed_model import PushedModel
from serving.recommend.reading import ShopReader

_SHOWN_OF_A_SOURCE = 20
_SHOWN_RANKED = 50

Explanation = dict[str, Any]


def explanation(
    model: PushedModel,
    query: Query,
    exclude_purchased: bool,
    diversity: float | None,
    items: Items,
    shop: ShopReader,
) -> Explanation:
    """What `explain` adds to an answer.

    Args:
        model: The model that answered.
        query: What it was asked.
        exclude_purchased: As asked.
        diversity: As asked.
        items: Its list, before filters, preferences and diversity of the request.
        shop: Gives the rows of the products, for people who read the explanation.

    Returns:
        `candidates`: source -> `count` and the first `items` with their `two_tower` cosine; `ranked`: the
        ranker's own order with its `score`; `post_ranked`: `items`; `history`: the number of events that
        were read; `diversity`: what counted for the list;
        `products`: id -> row of every product named here, {} while the database is away.
    """
    inputs = encode_queries(model.features, [query], model.history_length)
    candidates = _candidates(model.call(names.RETRIEVE, inputs))
    ranked = _ranked(model.call(names.RANK, {**inputs, names.EXCLUDE_PURCHASED: exclude_purchased}))
    shown = [item["product_id"] for found in candidates.values() for item in found["items"]]
    shown += [item["product_id"] for item in [*ranked, *items]] + list(query.product_ids[-_SHOWN_RANKED:])
    try:
        rows = shop.product_rows(list(dict.fromkeys(shown)))
    except UserError:
        rows = {}
    return {
        "history": len(query.product_ids),
        "diversity": model.diversity if diversity is None else diversity,
        "candidates": candidates,
        "ranked": ranked,
        "post_ranked": items[:_SHOWN_RANKED],
        "products": rows,
    }


def _candidates(columns: dict[str, list[Any]]) -> Explanation:
    found: Explanation = {}
    rows = zip(*(columns[name][0] for name in (names.PRODUCT_ID, "source", "two_tower")), strict=True)
    counts: Counter[str] = Counter()
    for product_id, source, cosine in rows:
        if not product_id:
            continue
        counts[source.decode()] += 1
        into = found.setdefault(source.decode(), {"count": 0, "items": []})["items"]
        if len(into) < _SHOWN_OF_A_SOURCE:
            into.append({"product_id": product_id.decode(), "two_tower": cosine})
    for source, count in counts.items():
        found[source]["count"] = count
    return found


def _ranked(columns: dict[str, list[Any]]) -> Items:
    pairs = zip(columns[names.PRODUCT_ID][0], columns["score"][0], strict=True)
    kept = [(product_id.decode(), score) for product_id, score in pairs if product_id][:_SHOWN_RANKED]
    return [{"rank": rank, "product_id": name, "score": score} for rank, (name, score) in enumerate(kept, 1)]
