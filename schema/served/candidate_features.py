"""The numbers that stand beside each candidate of a query, in the order of `candidate_features`."""

from __future__ import annotations

from typing import Final

SOURCE_FEATURES: Final = (
    "two_tower",
    "neighbours_recent",
    "neighbours_lasting",
    "ease_recent",
    "ease_lasting",
    "transitions_last",
    "transitions_recent",
    "neighbours_share",
    "ease_share",
    "transitions_share",
    "similar_users",
)
"""Scores of the candidate sources."""
SIMILAR_USERS_SCALE: Final = 1e5
"""`similar_users` is `log(1 + score * scale)`: below a hundred-thousandth differences hardly count."""

HORIZONS: Final = (0.125, 0.25, 0.5, 1.0, 2.0, 4.0, None)
"""Lengths of time over which sales are counted, in windows; None is ever."""
SHARES: Final = (
    "share_eighth",
    "share_quarter",
    "share_half",
    "share_window",
    "share_two",
    "share_four",
    "share_ever",
)
"""Log share of the product in the sales over each of `HORIZONS`."""
STATISTICS: Final = (
    *SHARES,
    "buyer_share",
    "repeat_rate",
    "usual_interval",
    "windows_since_last_sale",
    "windows_since_first_sale",
)
"""What is known of the product at the cutoff."""

CANDIDATE_FEATURES: Final = (*SOURCE_FEATURES, *STATISTICS)
"""All of them."""
