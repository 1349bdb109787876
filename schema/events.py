"""What the types of events say about a user's interest."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from schema.source_settings import EventSettings

PURCHASE_LIKE: Final = frozenset({"purchase", "order", "transaction", "buy", "sale"})
"""Event types that mean the user took the product."""


def event_weights(event_types: Sequence[str], settings: EventSettings) -> dict[str, float]:
    """Returns the weight of each event type as a target.

    Args:
        event_types: Types seen in the database.
        settings: Weights that the user chose; they go before the rule.

    Returns:
        Event type -> weight, for the types seen and those configured. 0 keeps a type in the history only.
    """
    has_purchase = any(_purchase_like(name) for name in event_types)
    weights = {name: 1.0 if _purchase_like(name) or not has_purchase else 0.0 for name in event_types}
    weights.update(settings.weights)
    return weights


def _purchase_like(event_type: str) -> bool:
    return event_type.strip().lower() in PURCHASE_LIKE
