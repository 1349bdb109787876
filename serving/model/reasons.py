"""Why a product is recommended, in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from schema.served.sources import SOURCES

_REASONS: Final = {
    **{source.name: source.reason for source in SOURCES},
    "segment": "popular with users like you",
}


def reason(item: Mapping[str, Any]) -> str:
    """Words for one answer of the signature `recommend`.

    Args:
        item: `source`, `times_bought`, `days_since_last`, `usual_interval_days` (None if unknown) and
            `neighbour_of`; `pinned_by` and `relaxed` name a rule or are empty; `is_stranger` says that the
            user has no history.
    """
    if item.get("pinned_by"):
        return f"put here by {item['pinned_by']}"
    if item.get("relaxed"):
        return f"{_by_itself(item)}; though {item['relaxed']} wants others, of which there are too few"
    return _by_itself(item)


def _by_itself(item: Mapping[str, Any]) -> str:
    bought = _bought(item)
    if bought:
        return bought
    source = str(item.get("source", ""))
    if source == "neighbours" and item.get("neighbour_of"):
        return f"often bought with {item['neighbour_of']}"
    if source == "new_product" and item.get("is_stranger"):
        return "new"
    return _REASONS.get(source, source)


def _bought(item: Mapping[str, Any]) -> str:
    times = int(item.get("times_bought") or 0)
    if times <= 0:
        return ""
    text = "bought once" if times == 1 else f"bought {times} times"
    usual, last = item.get("usual_interval_days"), item.get("days_since_last")
    if usual is not None:
        text += f", about every {_days(usual)}"
    if last is not None:
        text += f"; last {_days(last)} ago" if usual is not None else f", {_days(last)} ago"
    return text


def times_bought(times: int, days_since_last: float) -> str:
    """How often and when a product was bought, in words."""
    return _bought({"times_bought": times, "days_since_last": days_since_last}) or "never bought"


def _days(days: float) -> str:
    whole = round(days)
    if whole < 1:
        hours = max(1, round(days * 24))
        return "1 hour" if hours == 1 else f"{hours} hours"
    return "1 day" if whole == 1 else f"{whole} days"
