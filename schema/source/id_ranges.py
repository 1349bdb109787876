"""Ranges of users with about as many events each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

import pyarrow as pa
import pyarrow.compute as pc

from schema.source.contract import Bound, Class, UserRange
from schema.source.ids import canonical_ids


def cut(
    counted: Sequence[tuple[Bound, int]],
    count: int,
    as_text: bool,
    classes: tuple[tuple[str, Class], ...],
    canonical: bool = False,
) -> list[UserRange]:
    """Cuts ordered users into at most `count` ranges with about as many events each.

    Args:
        counted: Users in the database's order, with their number of events.
        count: Most ranges wanted.
        as_text: Passed on to the ranges.
        classes: Passed on to the ranges.
        canonical: Passed on to the ranges.
    """
    if not counted:
        return []
    total = sum(size for _, size in counted)
    starts, sizes, seen = [0], [0], 0
    for index, (_, size) in enumerate(counted):
        if sizes[-1] and seen >= total * len(starts) / count:
            starts.append(index)
            sizes.append(0)
        sizes[-1] += size
        seen += size
    bounds: list[Bound] = [counted[start][0] for start in starts]
    highs: list[Bound] = [*bounds[1:], None]
    lows: list[Bound] = [None, *bounds[1:]]
    cuts = zip(lows, highs, sizes, strict=True)
    return [UserRange(low, high, as_text, classes, size, canonical) for low, high, size in cuts]


def id_ranges(user_ids: Iterable[pa.Array], count: int) -> list[UserRange]:
    """Cuts the users of events by the canonical form of their ids.

    Args:
        user_ids: The users of all events, in parts.
        count: Most ranges wanted.
    """
    counted: Counter[str] = Counter()
    for part in user_ids:
        for item in canonical_ids(part).value_counts().to_pylist():
            counted[item["values"]] += item["counts"]
    counted.pop(None, 0)  # type: ignore[call-overload]
    ordered = sorted(counted.items(), key=lambda pair: pair[0].encode())
    return cut(ordered, count, True, (), canonical=True)


def in_range(user_ids: pa.Array, users: UserRange) -> pa.Array:
    """Says for each id whether its canonical form lies in a range."""
    ids = canonical_ids(user_ids)
    kept = pc.is_valid(ids)
    if users.low is not None:
        kept = pc.and_(kept, pc.greater_equal(ids, users.low))
    if users.high is not None:
        kept = pc.and_(kept, pc.less(ids, users.high))
    return kept
