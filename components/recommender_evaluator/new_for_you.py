"""How good the lists of products that were never sold before are."""

from __future__ import annotations

from typing import Any

import numpy as np

from components.evaluation.bootstrap import intervals
from components.evaluation.lists import CodeLists, IntArray
from components.evaluation.metrics import hits, recall

LENGTH = 100


def measure_new_for_you(ranked: IntArray, targets: CodeLists, sold: np.ndarray, seed: int) -> dict[str, Any]:
    """Recall of the first hundred, of the users who bought something that nobody had bought before.

    Args:
        ranked: Codes of products, best first, -1 pads `[queries, 100]`.
        targets: Of each query.
        sold: Whether somebody had bought a product before the window `[products]`.
        seed: Of the bootstrap.
    """
    of_new = targets.where(~sold[targets.codes])
    has_targets = of_new.lengths > 0
    if not has_targets.any():
        return {"num_queries": 0}
    values = recall(hits(ranked, of_new), np.maximum(of_new.lengths, 1), LENGTH)[has_targets]
    key = f"recall@{LENGTH}"
    return {"num_queries": int(has_targets.sum()), key: intervals({key: values}, seed)[key].as_dict()}
