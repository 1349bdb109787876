"""The ranker's score of a product, taken apart in words, largest contributions first."""

from __future__ import annotations

from typing import Any, Final

from schema.served import score_parts
from serving.model.tracing import Trace
from serving.recommend.why.words import of_group

METHOD: Final = (
    "Shapley values of groups of figures, computed exactly over all coalitions of the groups; a group that "
    "is absent has the values of the mean candidate of this list. They add up to the difference of the two "
    "scores."
)
SOURCE: Final = (
    "Sundararajan and Najmi, The many Shapley values for model explanation, ICML 2020 (baseline Shapley); "
    "Lundberg and Lee, A unified approach to interpreting model predictions, NeurIPS 2017"
)


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
