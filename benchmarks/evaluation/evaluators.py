"""The two evaluations of the same embeddings."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import tensorflow as tf
import tensorflow_recommenders as tfrs

from benchmarks.evaluation.embedded import Embedded
from components.evaluation.bootstrap import Interval, intervals
from components.evaluation.exact_search import nearest
from components.evaluation.lists import CodeLists
from components.evaluation.metrics import hits, user_scores

CUT_OFFS = (1, 5, 10, 50, 100)
BRUTE_FORCE = "FactorizedTopK, BruteForce"
STREAMING = "FactorizedTopK, Streaming"
_PAIRS_AT_ONCE = {BRUTE_FORCE: 256, STREAMING: 4096}
_PRODUCTS_AT_ONCE = 128

Accuracies = list[float]
"""Share of pairs hit in the first k, for each of `CUT_OFFS`."""


@dataclass(frozen=True)
class Evaluated:
    """What ours finds.

    Attributes:
        accuracies: Those that both give.
        metrics: Means over users with intervals.
    """

    accuracies: Accuracies
    metrics: dict[str, Interval]


def evaluate(embedded: Embedded, seed: int) -> Evaluated:
    """Lists of 100 by one exact search for each user, then every metric of every user and the bootstrap."""
    targets = CodeLists.from_pairs(embedded.rows, embedded.targets, len(embedded.users))
    ranked = nearest(embedded.users, embedded.products, max(CUT_OFFS))
    found = hits(ranked, targets)
    accuracies = [float(found[:, :k].sum() / len(targets.codes)) for k in CUT_OFFS]
    has_targets = targets.lengths > 0
    scores = {name: values[has_targets] for name, values in user_scores(ranked, targets).items()}
    return Evaluated(accuracies, intervals(scores, seed))


def factorized_top_k(embedded: Embedded, name: str) -> Callable[[], Accuracies]:
    """Builds the metric and its index; the result evaluates all pairs, traced before it is first timed."""
    products, users = tf.constant(embedded.products), tf.constant(embedded.users)
    pairs = tf.data.Dataset.from_tensor_slices((embedded.rows, embedded.targets))
    batches = pairs.batch(_PAIRS_AT_ONCE[name]).cache()
    metric = tfrs.metrics.FactorizedTopK(candidates=_candidates(products, name), ks=CUT_OFFS)

    @tf.function(reduce_retracing=True)
    def update(rows: tf.Tensor, targets: tf.Tensor) -> None:
        metric.update_state(tf.gather(users, rows), tf.gather(products, targets), true_candidate_ids=targets)

    def evaluate_pairs() -> Accuracies:
        metric.reset_states()
        for rows, targets in batches:
            update(rows, targets)
        return [float(value) for value in metric.result()]

    for rows, targets in batches.take(1):
        update(rows[:8], targets[:8])
        update(rows[:9], targets[:9])
    return evaluate_pairs


def _candidates(products: Any, name: str) -> Any:
    """The index: in memory, or products in batches of 128 as the retrieval tutorial has them."""
    codes = tf.range(len(products), dtype=tf.int64)
    if name == BRUTE_FORCE:
        return tfrs.layers.factorized_top_k.BruteForce(k=max(CUT_OFFS)).index(products, codes)
    batches = tf.data.Dataset.from_tensor_slices((codes, products)).batch(_PRODUCTS_AT_ONCE).cache()
    return tfrs.layers.factorized_top_k.Streaming(k=max(CUT_OFFS)).index_from_dataset(batches)
