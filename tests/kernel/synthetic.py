"""Tables of a made-up version: everything that the kernel reads, of a size that can be looked at."""

from __future__ import annotations

import numpy as np

PRODUCTS, DIM, USERS, TYPES = 60, 8, 20, 2
STATISTICS = 12
CATEGORIES, NUMBERS, MEMBERS = 2, 1, 3


def item_to_item(generator, products: int) -> dict:
    """Each product has three neighbours among the first two thirds."""
    count = products * 2 // 3
    reachable = np.arange(count, dtype=np.int32)
    index = np.full(products, count, np.int32)
    index[:count] = np.arange(count)
    row = np.arange(1, products + 1, dtype=np.int32)
    others = np.stack([generator.permutation(count)[:3] for _ in range(products + 1)]).astype(np.int32)
    given = generator.random((products + 1, 3), np.float32)
    others[0], given[0] = count, 0
    return {"reachable": reachable, "reachable_index": index, "row": row, "others": others, "given": given}


def dense(generator, name: str, inputs: int, units: int) -> dict:
    kernel = generator.normal(0, inputs**-0.5, (inputs, units)).astype(np.float32)
    return {f"{name}_kernel": kernel, f"{name}_bias": np.zeros(units, np.float32)}


def synthetic(seed: int = 0, products: int = PRODUCTS) -> tuple[dict, dict]:
    """Name -> array, and the settings; a third of the products are candidates."""
    generator = np.random.default_rng(seed)
    embeddings = generator.normal(size=(products, DIM)).astype(np.float32)
    embeddings /= np.linalg.norm(embeddings, axis=1, keepdims=True)
    category = generator.integers(0, 5, (products, CATEGORIES)).astype(np.int32)
    keys = np.stack(
        [np.arange(products), products + category[:, 0], products + 5 + category[:, 1]], 1
    ).astype(np.int32)
    popular = generator.permutation(products).astype(np.int64)
    weights = 7
    pool_features = 11 + STATISTICS + 5 + 3 * 2
    pairs = weights + 7 + (CATEGORIES + 1) * (weights + 3) + NUMBERS
    figures = 11 + STATISTICS + pairs + 8 + 4
    starts = np.arange(0, 3 * products + 1, 3, dtype=np.int32)
    arrays = {
        "embeddings": embeddings,
        "statistics": generator.normal(size=(products, STATISTICS)).astype(np.float32),
        "trending": popular[:10],
        "popular": popular,
        "best_seller": np.isin(np.arange(products), popular[:3]),
        "groups": keys,
        "hidden": np.zeros(products, np.bool_),
        "fill": popular,
        "categories": np.stack([category, np.where(category > 2, category + 5, -1)], axis=2),
        "similar.user": np.arange(USERS, dtype=np.int64),
        "similar.start": starts,
        "similar.holder": generator.integers(0, USERS, 3 * products).astype(np.int32),
        "similar.holder_weight": generator.random(3 * products, np.float32),
        "similar.reachable": np.arange(products, dtype=np.int32),
        "similar.reachable_index": np.arange(products, dtype=np.int32),
        "similar.bought": generator.integers(0, products, (USERS, 6)).astype(np.int32),
        "similar.bought_weight": generator.random((USERS, 6), np.float32),
        "new.group": category[:, 0].copy(),
        "new.products": popular[-5:],
        "new.groups": category[popular[-5:], 0].copy(),
        "new.rates": generator.normal(size=5).astype(np.float32),
        "preranker.mean": np.zeros(pool_features, np.float32),
        "preranker.deviation": np.ones(pool_features, np.float32),
        **dense(generator, "preranker.hidden", pool_features, 12),
        **dense(generator, "preranker.middle", 12, 6),
        "preranker.score_kernel": generator.normal(size=(6, 1)).astype(np.float32),
        "ranker.groupings": np.concatenate([keys[:, :1], keys], axis=1),
        "ranker.members0": generator.integers(-1, 6, (products, MEMBERS)).astype(np.int32),
        "ranker.numbers": generator.integers(0, 9, (NUMBERS, products)).astype(np.int32),
        "ranker.positive_types": np.array([True, False]),
        "ranker.mean": np.zeros(figures, np.float32),
        "ranker.variance": np.ones(figures, np.float32),
        "ranker.strength": np.array([0.5, 0.5], np.float32),
        "ranker.anchor_weight": np.array([1.5], np.float32),
        **dense(generator, "ranker.cross0", figures, figures),
        **dense(generator, "ranker.deep0", figures, 10),
        **dense(generator, "ranker.deep1", 10, 5),
        "ranker.score": generator.normal(size=figures + 5).astype(np.float32),
        "tower.representations": generator.normal(size=(products, DIM)).astype(np.float32),
        "tower.type_weight": np.zeros(TYPES + 1, np.float32),
        "tower.users": generator.normal(size=(USERS + 1, DIM)).astype(np.float32),
        **dense(generator, "tower.hidden", 4 * DIM, 16),
        **dense(generator, "tower.output", 16, DIM),
        "tower.skip_kernel": generator.normal(size=(3 * DIM, DIM)).astype(np.float32),
    }
    for name in ("neighbours", "ease", "transitions"):
        arrays |= {f"{name}.{part}": values for part, values in item_to_item(generator, products).items()}
    settings = {
        "num_candidates": products // 3,
        "pool_size": products * 2 // 3,
        "num_new": 2,
        "hides": 0,
        "history_length": 50,
        "reserved_share": 6,
        "num_similar": 10,
        "head": 100,
        "quotas": [1000, 20, 20, 20, 20, 20, 5, 20],
        "own_rates": [0.5, 0.1, 0.01],
        "latest_rates": [0.4, 0.1],
        "interest_rate": 0.01,
        "new_priority": -1.0,
        "smallest_score": 1e-9,
        "similar_scale": 1e5,
        "window_days": 12.0,
        "affinity_rates": [-0.5, -0.1, -0.05, -0.01],
        "has_other_types": 1,
        "num_categories": CATEGORIES,
        "anchor": 1,
        "horizon": 3,
        "half_life": 2,
        "num_layers": 1,
        "exclude_days": 0.0,
        "popularity_discount": 0.0,
        "popularity_column": 16.0,
        "new_step": 5,
        "tower_events": 10,
        "tower_half_lives": [2.0, 12.0],
    }
    return arrays, settings
