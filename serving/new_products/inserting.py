"""Where new products stand in a list of recommendations."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from serving.model.items import Items, renumbered

SOURCE: Final = "new_product"
"""What their items tell as their source."""
_SLOTS_FOR_ONE: Final = 5
"""New products get one of so many slots at most."""


def slots_for_new(top_k: int) -> int:
    """How many new products a list takes at most."""
    return max(1, top_k // _SLOTS_FOR_ONE)


def inserted(items: Items, slots: Sequence[tuple[int, str]], reason: str, top_k: int) -> Items:
    """Items with the new ones at their slots, which are in order; each shifts those behind it."""
    pinned = [(slot, item) for slot, item in enumerate(items) if item["source"] == "rule"]
    joined = [item for item in items if item["source"] != "rule"]
    for number, (wanted, product_id) in enumerate(slots):
        slot = min(wanted + number, len(joined))
        around = [item["score"] for item in joined[max(slot - 1, 0) : slot + 1]]
        score = sum(around) / len(around) if around else items[0]["score"]
        new = {"rank": 0, "product_id": product_id, "score": score, "source": SOURCE, "reason": reason}
        joined.insert(slot, new)
    for slot, item in pinned:
        joined.insert(slot, item)
    return renumbered(joined[:top_k])
