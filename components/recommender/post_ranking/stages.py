"""Makes the parts of post-ranking that the settings ask for."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pyarrow as pa

from components.recommender.candidates.sources import CandidateSources
from components.recommender.post_ranking.calibration import Calibration, coarsest
from components.recommender.post_ranking.compiled_rules import NO_GROUP, codes, compile_rules, member_codes
from components.recommender.post_ranking.diversity import Diversity
from components.recommender.post_ranking.exploration import Exploration
from components.recommender.post_ranking.freshness import Freshness, birth_times
from components.recommender.post_ranking.post_ranker import PostRanker
from components.settings import PostRankingSettings
from schema.features import FeatureSet, Kind


def category_codes(columns: Mapping[str, np.ndarray], features: FeatureSet) -> np.ndarray:
    """Codes of the categories, sets and paths of the products, int64 `[products, columns, members]`.

    A category has one member; -1 where one is missing, and pads.

    Args:
        columns: `catalogue_columns`.
        features: Feature columns.
    """
    wanted = [
        member_codes(columns[column.name])
        for column in features.products
        if column.kind is Kind.CATEGORY or column.has_members
    ]
    if not wanted:
        return np.zeros((len(next(iter(columns.values()))), 0, 1), np.int64)
    width = max(found.shape[1] for found in wanted)
    padded = [np.pad(f, ((0, 0), (0, width - f.shape[1])), constant_values=NO_GROUP) for f in wanted]
    return np.stack(padded, axis=1)


def mix_codes(columns: Mapping[str, np.ndarray], features: FeatureSet) -> np.ndarray:
    """Codes of what a mix can be one of, -1 where missing: categories and first levels of paths.

    Of several paths of a product the first counts; arguments as of `category_codes`.

    Returns:
        int64 `[products, columns]`.
    """
    wanted = []
    for column in features.products:
        if column.kind is Kind.CATEGORY:
            wanted.append(codes(columns[column.name]))
        elif column.kind is Kind.HIERARCHY:
            first = [members and members[0] for members in columns[column.name]]
            wanted.append(codes(np.array(first, object)))
    num_products = len(next(iter(columns.values())))
    return np.stack(wanted, axis=1) if wanted else np.zeros((num_products, 0), np.int64)


def make_post_ranker(
    settings: PostRankingSettings,
    diversity: float,
    columns: Mapping[str, np.ndarray],
    features: FeatureSet,
    sources: CandidateSources,
    freshness: Freshness | None,
    seed: int,
) -> PostRanker:
    """Rules, diversity, and of the rest what has a strength above 0.

    Args:
        settings: As configured.
        diversity: What its `auto` stands for.
        columns: `catalogue_columns`.
        features: Feature columns.
        sources: The candidate sources, which have the embeddings.
        freshness: `make_freshness`.
        seed: Seed of the configuration.
    """
    mix = coarsest(mix_codes(columns, features)) if settings.calibration else None
    return PostRanker(
        compile_rules(settings.rules, columns, features),
        sources.scorer.embeddings,
        category_codes(columns, features),
        Diversity(diversity, settings.diversity_method),
        calibration=Calibration(mix, settings.calibration) if mix is not None else None,
        freshness=freshness,
        exploration=Exploration(settings.exploration, seed) if settings.exploration else None,
    )


def make_freshness(
    settings: PostRankingSettings,
    catalog: pa.Table,
    product_ids: list[str],
    first_sale_days: np.ndarray,
    cutoff: int,
) -> Freshness | None:
    """None without a boost; the arguments are those of `birth_times`."""
    if not settings.freshness_boost:
        return None
    born = birth_times(catalog, product_ids, first_sale_days, cutoff)
    return Freshness(born, settings.freshness_boost, settings.freshness_half_life_days)
