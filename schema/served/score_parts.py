"""Groups of features into which a score of the ranker is split: shared by its signature and its readers."""

from __future__ import annotations

from typing import Final

from schema.served.candidate_features import CANDIDATE_FEATURES, SHARES

OWN_EVENTS: Final = "own_events"
CATEGORIES: Final = "categories"
NUMBERS: Final = "numbers"
TWO_TOWER: Final = "two_tower"
NEIGHBOURS: Final = "neighbours"
EASE: Final = "ease"
TRANSITIONS: Final = "transitions"
SIMILAR_USERS: Final = "similar_users"
POPULARITY: Final = "popularity"
BOUGHT_AGAIN: Final = "bought_again"
AGE: Final = "age"

GROUPS: Final = (
    OWN_EVENTS,
    CATEGORIES,
    NUMBERS,
    TWO_TOWER,
    NEIGHBOURS,
    EASE,
    TRANSITIONS,
    SIMILAR_USERS,
    POPULARITY,
    BOUGHT_AGAIN,
    AGE,
)
"""In the order of the outputs."""
ANCHOR: Final = "anchor"
"""The baseline from which the ranker starts, beside the groups."""

_OF_FEATURE: Final = {
    "two_tower": TWO_TOWER,
    "neighbours_recent": NEIGHBOURS,
    "neighbours_lasting": NEIGHBOURS,
    "neighbours_share": NEIGHBOURS,
    "ease_recent": EASE,
    "ease_lasting": EASE,
    "ease_share": EASE,
    "transitions_last": TRANSITIONS,
    "transitions_recent": TRANSITIONS,
    "transitions_share": TRANSITIONS,
    "similar_users": SIMILAR_USERS,
    **dict.fromkeys((*SHARES, "buyer_share"), POPULARITY),
    "repeat_rate": BOUGHT_AGAIN,
    "usual_interval": BOUGHT_AGAIN,
    "windows_since_last_sale": AGE,
    "windows_since_first_sale": AGE,
}
OF_CANDIDATE_FEATURES: Final = tuple(_OF_FEATURE[name] for name in CANDIDATE_FEATURES)
"""The group of each of `CANDIDATE_FEATURES`."""

# Of the signatures `explain`.
POSITION: Final = "position"
"""Which candidate of each list is asked for."""
CONTRIBUTIONS: Final = "contributions"
ANCHOR_CONTRIBUTION: Final = "anchor_contribution"
SCORE_OF_IT: Final = "score_of_it"
MEAN_SCORE: Final = "mean_score"
