"""Whether what was purchased may be recommended again."""

from __future__ import annotations

RARE_REPEATS = 0.02
"""Below this share of repeat purchases, `auto` excludes what was purchased."""


def resolve_exclusion(setting: str, repeat_rate: float) -> str:
    """Returns `off`, `always` or `<N>d`; `auto` follows the share of repeat purchases in the data."""
    if setting != "auto":
        return setting
    return "always" if repeat_rate < RARE_REPEATS else "off"
