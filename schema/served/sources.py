"""The candidate sources: their names in answers, and what stands beside a product that comes from one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Source:
    """A candidate source.

    Attributes:
        name: As answers call it.
        label: What it proposes, in explanations.
        reason: Why a product of it is recommended.
    """

    name: str
    label: str
    reason: str


SOURCES: Final = (
    Source("own_history", "the user's own history", "in your history"),
    Source("two_tower", "the two towers", "similar users chose it"),
    Source(
        "neighbours",
        "what is bought with products of the history",
        "often bought with products of your history",
    ),
    Source("ease", "what goes with the history (EASE)", "goes with what you bought"),
    Source("transitions", "what follows the newest events", "often comes after what you turned to last"),
    Source(
        "similar_users",
        "what users with a like history buy",
        "bought by customers with a history like yours",
    ),
    Source("trending", "what is trending", "more popular than usual these days"),
    Source("popular", "what is popular", "popular with everybody"),
    Source("new_product", "products never sold before", "new, of a kind that you buy"),
)
"""In the order of `candidate_source` and of `trace_source_*`."""
NAMES: Final = tuple(source.name for source in SOURCES)
