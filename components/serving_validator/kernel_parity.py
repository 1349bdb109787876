"""Holds the kernel to the session: equal lists of recorded, random and cold users, or no kernel is pushed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import numpy as np

from components.evaluation.served import ServedModel
from kernel.description import KernelError
from kernel.executor import Executor
from kernel.library import Library
from schema import names
from schema.served.request import Query, encode_queries

SCORE_TOLERANCE: Final = 1e-5
"""Difference of two scores, absolute or relative to scores above 1, that rounding explains."""
_MAX_SHARE_BEYOND: Final = 0.02
"""Of lists whose scores differ by more: where two products far down change their rank in the list of a
baseline, all scores of the list move a little with the means that the ranker takes off."""
_LARGEST_DIFFERENCE: Final = 1e-3
"""Which no score may reach."""
_ASKED: Final = ((10, False, 0.3), (100, False, 0.0), (10, True, 0.0))
"""Length, exclusion of what was bought, and diversity of the lists; each user is asked for one of them."""
_RANDOM_USERS: Final = 100
_COLD_USERS: Final = 50
_MOST_RANDOM_EVENTS: Final = 200
_SHOWN: Final = 5

Outputs = Mapping[str, np.ndarray]


def compare_executors(served: ServedModel, recorded: Sequence[Query], seed: int) -> dict[str, Any]:
    """Asks both executors of a version.

    Args:
        served: The loaded SavedModel.
        recorded: Queries of users.
        seed: Of the random users.

    Returns:
        `equal`, the `reason` if not, and how many lists were compared, were not covered and differ.
    """
    try:
        kernel = Executor(Path(served.directory), served.features.event_types, Library())
    except KernelError as error:
        return {"equal": False, "reason": str(error)}
    signatures = served.signatures

    def embed(given: Outputs) -> np.ndarray:
        vectors: np.ndarray = _called(signatures[names.EMBED_QUERIES], given)[names.QUERY_EMBEDDING][0]
        return vectors

    def finish(given: Outputs) -> dict[str, np.ndarray]:
        return _called(signatures[names.FINISH], given)

    queries = [*recorded, *random_queries(recorded, seed), *cold_queries(recorded)]
    different, covered, beyond, largest = [], 0, 0, 0.0
    for number, query in enumerate(queries):
        top_k, exclude, diversity = _ASKED[number % len(_ASKED)]
        inputs = {
            **encode_queries(served.features, [query], served.history_length),
            names.TOP_K: np.int64(top_k),
            names.EXCLUDE_PURCHASED: np.bool_(exclude),
            names.DIVERSITY: np.float32(diversity),
        }
        try:
            found = kernel.recommend(inputs, embed, finish)
        except KernelError as error:
            return {"equal": False, "reason": f"it cannot answer user {query.user_id!r}: {error}"}
        if found is None:
            continue
        covered += 1
        expected = _called(signatures[names.RECOMMEND_DIVERSE], inputs)
        difference, moved = difference_of(expected, found), _largest(expected, found)
        beyond, largest = beyond + (moved > SCORE_TOLERANCE), max(largest, moved)
        if difference:
            different.append(f"user {query.user_id!r}: {difference}")
    return _judged(len(queries), covered, different, beyond, largest)


def _judged(asked: int, covered: int, different: list[str], beyond: int, largest: float) -> dict[str, Any]:
    reason = ""
    if different:
        reason = (
            f"{len(different)} of {covered} lists differ from those of the session, first of {different[0]}"
        )
    elif beyond > _MAX_SHARE_BEYOND * covered:
        reason = f"scores of {beyond} of {covered} lists differ by more than {SCORE_TOLERANCE:g}"
    elif not covered:
        reason = f"it covers none of {asked} requests"
    return {
        "equal": not reason,
        "reason": reason,
        "num_lists": covered,
        "num_uncovered": asked - covered,
        "num_different": len(different),
        "num_beyond_tolerance": beyond,
        "largest_difference": largest,
        "different": different[:_SHOWN],
    }


def random_queries(recorded: Sequence[Query], seed: int) -> Iterator[Query]:
    """Users whom nobody knows, with events of all the recorded ones, and some unknown products."""
    generator = np.random.default_rng(seed)
    events = [
        event
        for query in recorded
        for event in zip(query.product_ids, query.times, query.event_types, strict=True)
    ]
    if not events:
        return
    for number in range(_RANDOM_USERS):
        now = recorded[number % len(recorded)].query_time
        chosen = generator.integers(0, len(events), generator.integers(1, _MOST_RANDOM_EVENTS + 1))
        drawn = sorted((min(events[index][1], now - 1), index) for index in chosen)
        products = [
            f"unknown {index}" if generator.random() < 0.02 else events[index][0] for _, index in drawn
        ]
        times, kinds = [moment for moment, _ in drawn], [events[index][2] for _, index in drawn]
        yield Query(f"random user {number}", now, products, times, kinds)


def cold_queries(recorded: Sequence[Query]) -> list[Query]:
    """The first of the recorded users without their histories, every second one unknown."""
    return [
        replace(query, user_id=query.user_id * (number % 2), product_ids=(), times=(), event_types=())
        for number, query in enumerate(recorded[:_COLD_USERS])
    ]


def difference_of(expected: Outputs, found: Outputs) -> str:
    """How a list of the kernel differs from that of the session; empty if it does not."""
    for name in (names.PRODUCT_ID, "source"):
        unequal = np.flatnonzero(expected[name][0] != found[name][0])
        if len(unequal):
            rank = int(unequal[0])
            return (
                f"{name} {found[name][0][rank]!r} instead of {expected[name][0][rank]!r} at rank {rank + 1}"
            )
    largest = _largest(expected, found)
    return f"scores differ by {largest:.2g}" if largest > _LARGEST_DIFFERENCE else ""


def _largest(expected: Outputs, found: Outputs) -> float:
    """Largest difference of two scores, relative to scores above 1."""
    one, other = expected["score"][0], found["score"][0]
    with np.errstate(invalid="ignore"):
        difference = np.abs(one - other) / np.maximum(np.abs(one), 1.0)
    return float(np.nan_to_num(difference).max(initial=0.0))


def _called(signature: Any, inputs: Mapping[str, Any]) -> dict[str, np.ndarray]:
    import tensorflow as tf

    wanted = signature.structured_input_signature[1]
    outputs = signature(**{name: tf.constant(inputs[name], spec.dtype) for name, spec in wanted.items()})
    return {name: value.numpy() for name, value in outputs.items()}
