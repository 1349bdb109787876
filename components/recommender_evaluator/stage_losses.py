"""How much NDCG each of the three stages loses on the test window."""

from __future__ import annotations

from typing import Any

import numpy as np

from components.evaluation.bootstrap import intervals
from components.evaluation.lists import CodeLists, IntArray
from components.evaluation.metrics import hits, ndcg

_TOP_K = 10


def stage_losses(
    candidates: IntArray, recommended: IntArray, targets: CodeLists, seed: int
) -> dict[str, Any]:
    """Splits what is missing to an NDCG@10 of 1 into three parts.

    Retrieval loses what no order of its candidates can reach, ranking what the ranker's order misses of
    that, and post-ranking what its changes of that order cost (negative where they gain).

    Args:
        candidates: Product codes in the ranker's order `[queries, candidates]`, -1 for filtered ones.
        recommended: Product codes as served `[queries, top_k]`.
        targets: What is relevant.
        seed: Of the bootstrap.

    Returns:
        `num_queries`, and for `retrieval`, `ranking` and `post_ranking` the `ndcg@10` after the stage and
        the `loss` in it, each with its interval. Empty if no query has targets.
    """
    with_targets = targets.lengths > 0
    if not with_targets.any():
        return {}
    expected, lengths = targets.select(with_targets), targets.lengths[with_targets]
    relevant = hits(candidates[with_targets], expected)
    found = np.minimum(relevant.sum(axis=1), _TOP_K)
    reachable = np.arange(_TOP_K)[None, :] < found[:, None]
    after = {
        "retrieval": ndcg(reachable, lengths, _TOP_K),
        "ranking": ndcg(relevant, lengths, _TOP_K),
        "post_ranking": ndcg(hits(recommended[with_targets], expected), lengths, _TOP_K),
    }
    before = np.ones(len(lengths))
    values = {}
    for stage, scores in after.items():
        values[stage, "ndcg@10"] = scores
        values[stage, "loss"] = before - scores
        before = scores
    measured = intervals(values, seed)
    report: dict[str, Any] = {"num_queries": len(lengths)}
    for (stage, name), interval in measured.items():
        report.setdefault(stage, {})[name] = interval.as_dict()
    return report
