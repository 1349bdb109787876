"""Who orders the list of a user without history: the ranker, or the popularity in the user's segment."""

from __future__ import annotations

from typing import Final, Literal

import numpy as np

from components.evaluation.examples import first_values, flat_texts, read_split, texts
from components.evaluation.lists import CodeLists, IntArray
from components.evaluation.metrics import hits, ndcg
from components.interactions.events import encode
from components.recommender.cold_start.segments import Segments
from components.recommender_assembler.choices.eval_lists import EvalLists
from schema import names

MIN_COLD_QUERIES: Final = 30
"""Fewer of them in the eval window say nothing."""
_TOP_K: Final = 10


def choose_cold_start(
    lists: EvalLists, scores: np.ndarray, segment_gains: np.ndarray
) -> Literal["segment", "model"]:
    """`segment` where the eval window shows that segments order better than popularity and the ranker do.

    The ranker starts from popularity (its anchor), so it is the simpler choice: segments have to be better
    than popularity by more than a standard error, and by as much as the ranker is.

    Args:
        lists: Of the eval window.
        scores: By which lists are ordered `[queries, candidates]`.
        segment_gains: NDCG@10 of the segment's list less that of everybody's, of each query without history.
    """
    cold = ~lists.has_history
    if min(int(cold.sum()), len(segment_gains)) < MIN_COLD_QUERIES:
        return "segment"
    new_users = lists.select(cold)
    ranker_gain = new_users.ndcg(scores[cold]) - new_users.ndcg(new_users.popularity)
    gain = float(segment_gains.mean())
    error = float(segment_gains.std() / np.sqrt(len(segment_gains)))
    return "segment" if gain > error and gain >= ranker_gain else "model"


def segment_gains(
    examples_uri: str, segments: Segments, product_ids: list[str], split: str = names.EVAL
) -> np.ndarray:
    """What each user without history would have gained by the list of their segment, in NDCG@10 `[queries]`.

    Args:
        examples_uri: Raw Examples.
        segments: As of the start of the split's window; its last list is everybody's.
        product_ids: The product vocabulary.
        split: The split whose users are asked.
    """
    import pyarrow as pa

    table = read_split(examples_uri, split)
    history, _ = flat_texts(table, names.HISTORY_PRODUCT_ID)
    cold = np.ones(len(table), np.bool_)
    cold[history] = False
    segment = np.full(len(table), len(segments.values), np.int64)
    for number in reversed(range(len(segments.values))):
        values = first_values(table, segments.columns[number])
        if not pa.types.is_null(values.type):
            same = texts(values).combine_chunks()
            segment[np.array([value == segments.values[number] for value in same.to_pylist()])] = number
    rows, targets = flat_texts(table, names.TARGET_PRODUCT_ID)
    vocabulary = pa.array(product_ids, pa.string())
    expected = CodeLists.from_pairs(rows, encode(targets, vocabulary), len(table)).select(cold)
    own = _ndcg(segments.products[segment[cold]][:, :_TOP_K], expected)
    everybody = np.repeat(segments.products[-1:, :_TOP_K], len(own), axis=0)
    gains: np.ndarray = own - _ndcg(everybody, expected)
    return gains


def _ndcg(ranked: IntArray, targets: CodeLists) -> np.ndarray:
    values: np.ndarray = ndcg(hits(ranked, targets), np.maximum(targets.lengths, 1), _TOP_K)
    return values
