"""The tables of the kernel, of the very objects that stand in the graph; `docs/kernel.md` says what it is.

What the kernel does not cover is told here, once, and it gets no tables: the session answers then.
"""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any, Final

import numpy as np

from components.recommender.candidates.item_to_item import ItemToItem
from components.recommender.candidates.similar_users import NUM_NEIGHBOURS
from components.recommender.candidates.sources import (
    NEW_PRIORITY_IN_POOL,
    OWN_RESERVED,
    SMALLEST_SCORE,
)
from components.recommender.finish import is_needed
from components.recommender.graph import Recommender
from components.recommender.post_ranking.diversity import HEAD
from components.recommender.post_ranking.popularity_discount import POPULARITY
from kernel.cold_users import TABLE as COLD_PRODUCTS
from kernel.description import FORMAT, Description, write_tables
from schema import names
from schema.features import Kind
from schema.served.candidate_features import SIMILAR_USERS_SCALE

Arrays = dict[str, np.ndarray]

_DESCRIPTION: Final = "description"
_NO_TABLES: Final = "its ranker was trained before rankers wrote their tables"
_FOR_EVER: Final = float(np.finfo(np.float32).max)
"""Days that stand for infinity, which JSON does not have."""


def write_kernel(recommender: Recommender, ranker: Path, tower: Path, target: Path) -> None:
    """Writes the folder `KERNEL` of a served model.

    Args:
        recommender: What is served.
        ranker: `RANKER_TABLES` of its ranker.
        tower: `TOWER_TABLES` of its towers; the session makes the vectors of queries where there are none.
        target: Folder of the SavedModel.
    """
    folder = target / names.KERNEL
    described, of_ranker = _read(ranker) if ranker.is_file() else ({}, {})
    uncovered = _uncovered(recommender, described, of_ranker) if described else _NO_TABLES
    if uncovered:
        write_tables(folder, Description(FORMAT, uncovered, {}, {}, (), {}), {})
        return
    of_ranker["strength"] = recommender.ranking.model.strength.numpy()  # none where the fall-back is served
    of_tower, columns, settings = _tower(tower, recommender)
    features = {name: tuple(described[name]) for name in ("candidate_features", "classics")}
    settings |= _of_sources(recommender) | _of_ranker(described, of_ranker) | _of_lists(recommender)
    needs_finish = is_needed(recommender.post_ranker)
    # Where `finish` makes the lists it has those of segments too, and the kernel ranks for all alike.
    segments, of_segments = ((), {}) if needs_finish else _cold_users(recommender)
    arrays = _arrays(recommender) | _prefixed("ranker", of_ranker) | _prefixed("tower", of_tower)
    description = Description(FORMAT, "", settings, features, columns, {}, segments, needs_finish)
    write_tables(folder, description, arrays | of_segments)


def _read(path: Path) -> tuple[dict[str, Any], Arrays]:
    with np.load(path) as stored:
        arrays = {name: stored[name] for name in stored.files}
    return json.loads(str(arrays.pop(_DESCRIPTION))), arrays


def _uncovered(recommender: Recommender, described: dict[str, Any], of_ranker: Arrays) -> str:
    """What of a model the kernel does not compute; empty if it computes all."""
    reasons = {
        "sources without a preranker": recommender.sources.preranker is None,
        "this ranker": not described["network"],
        "sets of a ranker that was trained before it did": any(
            f"members{number}" not in of_ranker for number in range(len(described.get("sets", ())))
        ),
    }
    found = [name for name, applies in reasons.items() if applies]
    return f"the kernel does not cover {', '.join(found)}" if found else ""


def _tower(path: Path, recommender: Recommender) -> tuple[Arrays, tuple[str, ...], dict[str, Any]]:
    """Tables, columns and settings of the query tower; none where tables are not enough for it."""
    without: dict[str, Any] = {"tower_events": 0, "tower_half_lives": [1.0, 1.0]}
    if not path.is_file():
        return {}, (), without
    described, arrays = _read(path)
    kinds = described["columns"]
    if "users" not in arrays or any(kind != Kind.CATEGORY.value for kind in kinds.values()):
        return {}, (), without
    events = recommender.retrieval_history_length
    return arrays, tuple(kinds), {"tower_events": events, "tower_half_lives": described["half_lives"]}


def _of_sources(recommender: Recommender) -> dict[str, Any]:
    sources, scorer = recommender.sources, recommender.sources.scorer
    return {
        "num_candidates": sources.num_candidates,
        "pool_size": sources.pool_size,
        "num_new": sources.num_new,
        "hides": int(sources.hides),
        "history_length": recommender.settings.history_length,
        "reserved_share": OWN_RESERVED,
        "num_similar": min(NUM_NEIGHBOURS, scorer.similar_users.num_users),
        "quotas": list(sources.quotas),
        "own_rates": _rates(scorer.own_half_lives),
        "latest_rates": _rates(scorer.latest_events),
        "interest_rate": _rates(scorer.half_lives)[1],
        "new_priority": NEW_PRIORITY_IN_POOL,
        "smallest_score": SMALLEST_SCORE,
        "similar_scale": SIMILAR_USERS_SCALE,
    }


def _cold_users(recommender: Recommender) -> tuple[tuple[tuple[str, str], ...], Arrays]:
    """Who gets which list of those without history, and the lists; none where the ranker orders for them."""
    lists = recommender.cold_start
    if lists is None:
        return (), {}
    return tuple(zip(lists.columns, lists.values, strict=True)), {COLD_PRODUCTS: lists.products.numpy()}


def _of_ranker(described: dict[str, Any], arrays: Arrays) -> dict[str, Any]:
    # The graph's optimiser puts both constants into one factor of the age, in single precision.
    of_two = np.float32(-math.log(2.0))
    rates = [float(of_two * np.float32(1.0 / half_life)) for half_life in described["half_lives"]]
    anchor = described["anchor"]
    return {
        "window_days": described["window_days"],
        "affinity_rates": rates,
        "has_other_types": int(described["has_other_types"]),
        "num_categories": described["num_categories"],
        "anchor": described["classics"].index(anchor["name"]),
        "horizon": anchor["horizon"],
        "half_life": anchor["half_life"],
        "num_layers": sum(name.startswith("cross") and name.endswith("kernel") for name in arrays),
    }


def _of_lists(recommender: Recommender) -> dict[str, Any]:
    settings = recommender.settings
    return {
        "head": HEAD,
        "exclude_days": min(settings.exclude_days, _FOR_EVER),
        "popularity_discount": settings.popularity_discount,
        "popularity_column": POPULARITY,
        "new_step": settings.new_product_step,
    }


def _arrays(recommender: Recommender) -> Arrays:
    sources, scorer = recommender.sources, recommender.sources.scorer
    new, users = (
        sources.never_sold if sources.new_products is None else sources.new_products,
        scorer.similar_users,
    )
    preranker = {} if sources.preranker is None else sources.preranker.weights
    variables = {
        "embeddings": scorer.embeddings.by_product,
        "statistics": sources.statistics,
        "trending": sources.trending,
        "popular": sources.popular,
        "best_seller": sources.is_best_seller,
        "groups": sources.groups,
        "categories": recommender.post_ranker.categories,
        "hidden": sources.hidden,
        "fill": recommender.fill,
        "similar.user": users.user,
        "similar.start": users.start,
        "similar.holder": users.holder,
        "similar.holder_weight": users.holder_weight,
        "similar.reachable": users.reachable,
        "similar.reachable_index": users.reachable_index,
        "similar.bought": users.bought,
        "similar.bought_weight": users.bought_weight,
        "new.group": new.group,
        "new.products": new.products,
        "new.groups": new.groups,
        "new.rates": new.rates,
        **_prefixed("preranker", preranker),
        **_prefixed("neighbours", _item_to_item(scorer.neighbours)),
        **_prefixed("ease", _item_to_item(scorer.ease)),
        **_prefixed("transitions", _item_to_item(scorer.transitions)),
    }
    return {name: variable.numpy() for name, variable in variables.items()}


def _item_to_item(table: ItemToItem) -> dict[str, Any]:
    return {
        "reachable": table.reachable,
        "reachable_index": table.reachable_index,
        "row": table.row,
        "others": table.others,
        "given": table.given,
    }


def _prefixed(prefix: str, values: dict[str, Any]) -> dict[str, Any]:
    return {f"{prefix}.{name}": value for name, value in values.items()}


def _rates(half_lives: tuple[float, ...]) -> list[float]:
    """As `decayed` has them."""
    return [math.log(2.0) / half_life for half_life in half_lives]
