"""What is known of each product at a cutoff, from the events strictly before it.

No column holds a level of the whole shop. How much was sold in all, and for how long events have been
recorded, differ from cutoff to cutoff without any product having changed; a model that reads such a level
learns the cutoffs' names. So sales are shares of all sales, rates and intervals are ratios to the shop's,
and ages end at four windows.
"""

from __future__ import annotations

import numpy as np

from components.interactions.events import Events
from schema import names
from schema.served.candidate_features import HORIZONS
from schema.windows import horizon_seconds

_PRIOR_BUYERS = 5.0
_PRIOR_INTERVALS = 3.0
_PRIOR_SHARE = 0.2
"""What a product without sales is given, in shares of the mean product that sells."""
_MAX_AGE_WINDOWS = 4.0


def product_statistics(events: Events, as_of: int, window: int, guests: Events | None = None) -> np.ndarray:
    """Computes the columns of `STATISTICS`.

    Shares of sales and of buyers are logarithms, smoothed by a fifth of the share of the mean product that
    sells; the share of buyers who bought again and the mean time between two purchases of a user are
    logarithms of their ratio to those of the whole shop; times since the last and the first sale are
    logarithms of one plus windows, cut at four windows.

    Args:
        events: Positive events; those at or after `as_of` are ignored.
        as_of: Epoch seconds.
        window: Length of the eval window in seconds.
        guests: Sales to guests, which count in the shares of sales alone.

    Returns:
        float32 `[products, len(STATISTICS)]`.
    """
    past = events.before(as_of)
    prior = _PRIOR_SHARE / max(len(np.unique(past.product)), 1)
    counts = [sales(past, as_of, window, horizon) for horizon in HORIZONS]
    if guests is not None:
        to_guests = guests.before(as_of)
        counts = [
            count + sales(to_guests, as_of, window, horizon)
            for count, horizon in zip(counts, HORIZONS, strict=True)
        ]
    buyers, repeat_rate, interval = _repeats(past)
    columns = [_log_share(count, prior) for count in [*counts, buyers]]
    last, first = _first_and_last(past, as_of, window)
    table: np.ndarray = np.stack([*columns, repeat_rate, interval, last, first], axis=1).astype(np.float32)
    return table


def sales(past: Events, as_of: int, window: int, horizon: float | None) -> np.ndarray:
    """Events of each product over a horizon before a cutoff, float64 `[products]`.

    A horizon is a number of whole days wherever a window is, so that it holds as many stamps at every
    cutoff of a shop whose stamps are dates.
    """
    if horizon is None:
        return np.bincount(past.product, minlength=past.num_products).astype(float)
    since = as_of - horizon_seconds(window, horizon)
    return np.bincount(past.product[past.time >= since], minlength=past.num_products).astype(float)


def _log_share(counts: np.ndarray, prior: float) -> np.ndarray:
    logs: np.ndarray = np.log(counts / max(counts.sum(), 1.0) + prior)
    return logs


def _repeats(events: Events) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Buyers, and log ratios to the shop's of the share of them who came back and of the usual interval."""
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
    rate = _ratio(repeaters, buyers, _PRIOR_BUYERS)
    return buyers, rate, _ratio(days, intervals, _PRIOR_INTERVALS)


def _ratio(amount: np.ndarray, count: np.ndarray, prior: float) -> np.ndarray:
    """Log of `amount / count` relative to that of all, smoothed by `prior` of the mean; 0 without any."""
    overall = amount.sum() / max(count.sum(), 1)
    if overall <= 0:
        return np.zeros(len(amount))
    logs: np.ndarray = np.log((amount + prior * overall) / (count + prior) / overall)
    return logs


def _first_and_last(events: Events, as_of: int, window: int) -> tuple[np.ndarray, np.ndarray]:
    """Log of one plus the windows since the last and the first sale; never sold counts as long ago."""
    never = as_of - int((_MAX_AGE_WINDOWS + 1) * window)
    last = np.full(events.num_products, never, np.int64)
    np.maximum.at(last, events.product, events.time)
    first = events.first_times(never)
    ages = [np.clip((as_of - stamp) / window, 0.0, _MAX_AGE_WINDOWS) for stamp in (last, first)]
    return np.log1p(ages[0]), np.log1p(ages[1])
