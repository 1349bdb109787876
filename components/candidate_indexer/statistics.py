"""What is known of each product at one moment, from the events strictly before it."""

from __future__ import annotations

import numpy as np

from components.candidate_indexer.history import PositiveEvents
from schema import names

FEATURE_NAMES = (
    "popularity_long",
    "popularity_window",
    "popularity_short",
    "trend",
    "num_buyers",
    "repeat_rate",
    "usual_interval",
    "days_since_last_sale",
    "days_since_first_sale",
)
"""Columns of `product_statistics`, in this order."""

_PRIOR_BUYERS = 5.0
_PRIOR_INTERVALS = 3.0


def product_statistics(events: PositiveEvents, as_of: int, window: int) -> np.ndarray:
    """Computes the columns of `FEATURE_NAMES`.

    Popularity is the log of one plus the number of events in four windows, one window and a quarter of
    one; the trend compares the last quarter with the window. The share of buyers who bought again and the
    mean number of days between two purchases of a user are smoothed towards those of the whole shop.

    Args:
        events: Positive events; those at or after `as_of` are ignored.
        as_of: Epoch seconds.
        window: Length of the eval window in seconds.

    Returns:
        float32 `[products, len(FEATURE_NAMES)]`.
    """
    past = events.before(as_of)
    counts = [_counts(past, as_of - length) for length in (4 * window, window, window // 4)]
    trend = np.log((counts[2] * 4 + 1) / (counts[1] + 1))
    buyers, repeat_rate, interval = _repeats(past)
    last, first = _first_and_last(past, as_of)
    columns = [*map(np.log1p, counts), trend, np.log1p(buyers), repeat_rate, np.log1p(interval), last, first]
    table: np.ndarray = np.stack(columns, axis=1).astype(np.float32)
    return table


def _counts(events: PositiveEvents, since: int) -> np.ndarray:
    return np.bincount(events.product[events.time >= since], minlength=events.num_products).astype(float)


def _repeats(events: PositiveEvents) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Buyers, smoothed share of buyers who came back, smoothed mean days between purchases."""
    order = np.lexsort((events.time, events.product, events.user))
    user, product, time = events.user[order], events.product[order], events.time[order]
    same = (user[1:] == user[:-1]) & (product[1:] == product[:-1])
    gap_days = (time[1:] - time[:-1]) / names.SECONDS_PER_DAY
    again = same & (gap_days > 0)
    pair = np.concatenate([[0], np.cumsum(~same)]) if len(user) else np.zeros(0, int)
    first_of_pair = np.concatenate([[True], ~same]) if len(user) else np.zeros(0, bool)
    size = events.num_products
    buyers = np.bincount(product[first_of_pair], minlength=size).astype(float)
    repeated_pairs = np.unique(pair[1:][again]) if len(user) else np.zeros(0, int)
    repeaters = np.bincount(product[first_of_pair][repeated_pairs], minlength=size)
    intervals = np.bincount(product[1:][again], minlength=size)
    days = np.bincount(product[1:][again], weights=gap_days[again], minlength=size)
    overall_rate = repeaters.sum() / max(buyers.sum(), 1)
    overall_interval = days.sum() / max(intervals.sum(), 1)
    rate = (repeaters + _PRIOR_BUYERS * overall_rate) / (buyers + _PRIOR_BUYERS)
    interval = (days + _PRIOR_INTERVALS * overall_interval) / (intervals + _PRIOR_INTERVALS)
    return buyers, rate, interval


def _first_and_last(events: PositiveEvents, as_of: int) -> tuple[np.ndarray, np.ndarray]:
    """Log days since the last and the first sale; never sold counts as ten years."""
    never = as_of - 3650 * names.SECONDS_PER_DAY
    last = np.full(events.num_products, never, np.int64)
    first = np.full(events.num_products, as_of, np.int64)
    np.maximum.at(last, events.product, events.time)
    np.minimum.at(first, events.product, events.time)
    first[last == never] = never
    days = [np.log1p(np.maximum(as_of - stamp, 0) / names.SECONDS_PER_DAY) for stamp in (last, first)]
    return days[0], days[1]
