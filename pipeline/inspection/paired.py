"""The difference of two runs user by user, where both recommended to the same users for the same targets."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pipeline.inspection.examples import read_targets
from pipeline.inspection.graph import Graph
from pipeline.metadata.store import Run
from schema import names

_METRICS = ("ndcg@10", "recall@10", "recall@100", "hit_rate@10")

Lists = dict[str, list[str]]


def paired_difference(graph: Graph, before: Run, after: Run) -> dict[str, dict[str, float]]:
    """Metric -> the later run less the earlier one, with its 95 % interval, over users that both asked.

    Users whose targets are not the same in both runs are left out; empty if nobody is left.
    """
    targets = [_targets(graph, run) for run in (before, after)]
    lists = [_lists(graph, run) for run in (before, after)]
    users = sorted(
        user
        for user, wanted in targets[0].items()
        if wanted and targets[1].get(user) == wanted and user in lists[0] and user in lists[1]
    )
    return _intervals(users, targets[0], lists) if users else {}


def _targets(graph: Graph, run: Run) -> Lists:
    artifact = graph.output(run, "ProductExampleGen", "examples")
    found = read_targets(Path(artifact.uri, f"Split-{names.TEST}")) if artifact else {}
    return {user: sorted(targets) for user, targets in found.items()}


def _lists(graph: Graph, run: Run) -> Lists:
    import pyarrow.parquet as pq

    artifact = graph.output(run, "RecommenderEvaluator", "evaluation")
    path = Path(artifact.uri, "predictions.parquet") if artifact else None
    if path is None or not path.is_file():
        return {}
    table = pq.read_table(path, columns=[names.USER_ID, "rank", names.PRODUCT_ID])
    ordered = table.sort_by([(names.USER_ID, "ascending"), ("rank", "ascending")])
    lists: Lists = {}
    for user, product in zip(
        ordered[names.USER_ID].to_pylist(), ordered[names.PRODUCT_ID].to_pylist(), strict=True
    ):
        lists.setdefault(user, []).append(product)
    return lists


def _intervals(users: list[str], targets: Lists, lists: list[Lists]) -> dict[str, Any]:
    import numpy as np

    from components.evaluation.bootstrap import intervals
    from components.evaluation.lists import NOTHING, CodeLists
    from components.evaluation.metrics import user_scores

    codes = {product: code for code, product in enumerate(sorted(_products(users, targets, lists)))}
    rows = [row for row, user in enumerate(users) for _ in targets[user]]
    products = [codes[product] for user in users for product in targets[user]]
    wanted = CodeLists.from_pairs(rows, products, len(users))
    scores = []
    for side in lists:
        width = max(len(side[user]) for user in users)
        ranked = np.full((len(users), width), NOTHING, np.int64)
        for row, user in enumerate(users):
            ranked[row, : len(side[user])] = [codes[product] for product in side[user]]
        scores.append(user_scores(ranked, wanted))
    found = intervals({name: scores[1][name] - scores[0][name] for name in _METRICS}, seed=0)
    return {name: {**value.as_dict(), "num_users": len(users)} for name, value in found.items()}


def _products(users: list[str], targets: Lists, lists: list[Lists]) -> set[str]:
    return {product for user in users for side in (targets, *lists) for product in side[user]}
