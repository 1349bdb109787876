"""Stages and figures in words."""

from __future__ import annotations

from typing import Any, Final

from schema.served import score_parts
from schema.served.sources import NAMES, SOURCES
from serving.model.reasons import times_bought
from serving.model.tracing import Trace

LABELS: Final = {source.name: source.label for source in SOURCES}
CLASSICS: Final = {
    "popularity": "popularity",
    "own_frequency": "how often the user bought it",
    "last_seen": "what the user turned to last",
    "user_knn": "what users with a like history buy",
    "user_knn_own": "what the user and users with a like history buy",
    "item_knn": "what is bought together",
    "ease": "what goes with the history (EASE)",
    "transitions": "what follows the newest events",
}
STEPS: Final = {
    "ranker": "the ranker",
    "discount": "the discount on popularity",
    "freshness": "the boost of new products",
    "boosts": "the rules that boost and bury",
    "new_products": "the places of products never sold before",
    "fill": "what stands before the candidates",
    "segment": "what is popular with users like this one, who has no history",
    "only": "the rules that want only others",
    "calibration": "calibration",
    "diversity": "diversity",
    "exploration": "exploration",
    "at_most": "the rules that limit how many of a kind come",
    "pin": "the rules that pin others",
    "request": "the filters, preferences and diversity of the request, and new products",
}

METHOD: Final = (
    "Shapley values of groups of figures, computed exactly over all coalitions of the groups; a group that "
    "is absent has the values of the mean candidate of this list. They add up to the difference of the two "
    "scores."
)
SOURCE: Final = (
    "Sundararajan and Najmi, The many Shapley values for model explanation, ICML 2020 (baseline Shapley); "
    "Lundberg and Lee, A unified approach to interpreting model predictions, NeurIPS 2017"
)


def ordinal(number: int) -> str:
    """1st, 2nd, 3rd, 11th."""
    ending = "th" if number % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number:,}{ending}"


def of_group(group: str, trace: Trace, anchor: str) -> str:
    """What a group of figures tells of the product."""
    ranks = dict(zip(NAMES, trace.row("source_rank"), strict=True))
    if group == score_parts.ANCHOR:
        text = CLASSICS.get(anchor, "the baseline")
        return f"its place in the order from which the ranker starts, by {text}"
    if group == score_parts.OWN_EVENTS:
        bought = times_bought(trace.count("times_bought"), trace.number("days_since_last"))
        return f"the user's own events with it: {bought}"
    if group == score_parts.NEIGHBOURS and trace.text("neighbour_of"):
        return f"bought together with {trace.text('neighbour_of')} and others{_as_rank(ranks['neighbours'])}"
    texts = {
        score_parts.CATEGORIES: "what the user buys of its categories",
        score_parts.NUMBERS: "its numbers, such as the price, beside what the user usually buys",
        score_parts.TWO_TOWER: f"how the two towers see it for this user{_as_rank(ranks['two_tower'])}",
        score_parts.NEIGHBOURS: f"what is bought with products of the history{_as_rank(ranks['neighbours'])}",
        score_parts.EASE: f"what goes with the history (EASE){_as_rank(ranks['ease'])}",
        score_parts.TRANSITIONS: f"what follows the newest events{_as_rank(ranks['transitions'])}",
        score_parts.SIMILAR_USERS: f"what users with a like history buy{_as_rank(ranks['similar_users'])}",
        score_parts.POPULARITY: f"its popularity{_as_rank(ranks['popular'])}",
        score_parts.BOUGHT_AGAIN: "how often its buyers buy it again",
        score_parts.AGE: "how long ago it was sold first and last",
    }
    return texts[group]


def _as_rank(rank: int) -> str:
    return f" ({ordinal(rank)} of all)" if rank else " (no rank)"


def score(trace: Trace, anchor: str) -> dict[str, Any]:
    """`score` of the product, `baseline` (of the mean candidate), `contributions`, and by which method.

    Args:
        trace: Of the product; of one that is no candidate, as if it stood in the place of the last.
        anchor: The baseline from which the ranker starts.
    """
    values = dict(zip(score_parts.GROUPS, trace.row(score_parts.CONTRIBUTIONS), strict=True))
    values[score_parts.ANCHOR] = trace.number(score_parts.ANCHOR_CONTRIBUTION)
    ordered = sorted(values.items(), key=lambda entry: -abs(entry[1]))
    return {
        "score": trace.number(score_parts.SCORE_OF_IT),
        "baseline": trace.number(score_parts.MEAN_SCORE),
        "as_if_candidate": not trace.flag("is_candidate"),
        "method": METHOD,
        "source": SOURCE,
        "contributions": [
            {"group": group, "contribution": value, "text": of_group(group, trace, anchor)}
            for group, value in ordered
        ],
    }
