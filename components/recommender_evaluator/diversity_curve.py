"""What each strength of `post_ranking.diversity` costs in accuracy and brings in coverage and diversity."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from components.evaluation.beyond_accuracy import ProductFacts, coverage, list_scores
from components.evaluation.lists import NOTHING, CodeLists, IntArray, compact
from components.evaluation.metrics import hits, ndcg
from components.recommender.post_ranking.diversity import HEAD, Diversity
from components.recommender.post_ranking.filters import FILTERED
from components.recommender.post_ranking.reordering import STRENGTHS, reordered

_TOP_K = 10


def diversity_curve(
    candidates: IntArray,
    adjusted: npt.NDArray[np.float32],
    targets: CodeLists,
    purchased: CodeLists,
    facts: ProductFacts,
    categories: IntArray,
    chosen: Diversity,
) -> dict[str, Any]:
    """Reorders the same lists at each of `STRENGTHS`, and at the one that is served.

    Args:
        candidates: Product codes, -1 for filtered ones `[queries, candidates]`.
        adjusted: The scores by which the served model orders them before diversity, likewise.
        targets: What is relevant.
        purchased: Each query's distinct products before the window.
        facts: Of the products; their embeddings and `categories` say what is alike.
        categories: `category_codes` `[products, columns, members]`.
        chosen: What is served.

    Returns:
        `num_queries`, `method`, `chosen` and `points`: for each strength `diversity`, `ndcg@10`,
        `coverage@10` and what `list_scores` measures, means over the queries. Empty without embeddings
        or targets.
    """
    with_targets = targets.lengths > 0
    if facts.embeddings is None or not with_targets.any():
        return {}
    expected, own = targets.select(with_targets), purchased.select(with_targets)
    scores = np.nan_to_num(adjusted[with_targets], nan=FILTERED)
    order = np.argsort(-scores, axis=1, kind="stable")[:, :HEAD]
    heads, scores = (
        np.take_along_axis(values, order, axis=1) for values in (candidates[with_targets], scores)
    )
    norms = np.linalg.norm(facts.embeddings, axis=1, keepdims=True)
    embeddings = (facts.embeddings / np.maximum(norms, 1e-12)).astype(np.float32)
    spare = int((heads == NOTHING).sum(axis=1).max())  # filtered ones may be chosen, and are taken out again
    points = []
    for strength in sorted({*STRENGTHS, chosen.strength}):
        ranks = reordered(
            np.maximum(heads, 0), scores, embeddings, categories, strength, chosen.method, _TOP_K + spare
        )
        shown = np.take_along_axis(heads, ranks, axis=1)
        shown = compact(shown, shown != NOTHING, _TOP_K)
        points.append({"diversity": strength, **_measured(shown, expected, own, facts)})
    return {"num_queries": len(heads), "method": chosen.method, "chosen": chosen.strength, "points": points}


def _measured(shown: IntArray, expected: CodeLists, own: CodeLists, facts: ProductFacts) -> dict[str, float]:
    beyond = list_scores(shown, facts, own, _TOP_K)
    means = {name: float(np.nanmean(v)) for name, v in beyond.items() if not np.isnan(v).all()}
    accuracy = float(ndcg(hits(shown, expected), expected.lengths, _TOP_K).mean())
    return {"ndcg@10": accuracy, "coverage@10": coverage(shown, facts.num_available, _TOP_K), **means}
