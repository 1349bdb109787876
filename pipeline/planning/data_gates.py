"""What a run would refuse of the data, by the facts that reading them gave."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from components.settings import GateSettings
from schema.findings import Finding
from schema.profile import DatabaseProfile

_DATES_ONLY: Final = 0.4
"""Repeats that are accepted at least where stamps are days: two purchases of a day cannot be told apart."""


def gate_findings(profile: DatabaseProfile, gates: GateSettings) -> Iterator[Finding]:
    """Yields a severe finding for each share of the events above its gate.

    Args:
        profile: What is in the database.
        gates: Thresholds.
    """
    repeats = gates.max_duplicates if profile.has_clock else max(gates.max_duplicates, _DATES_ONLY)
    told = (
        ("repeats", repeats, "max_duplicates", "repeat another", "remove rows that were loaded twice"),
        ("top_user", gates.max_user_share, "max_user_share", "are of one user", "list it in `source.guests`"),
        (
            "top_product",
            gates.max_top_product,
            "max_top_product",
            "are of one product",
            "leave it out if it is no real product",
        ),
        (
            "outlying_stamps",
            gates.max_outlying_stamps,
            "max_outlying_stamps",
            "have an outlying stamp",
            "correct the stamps",
        ),
    )
    for name, limit, gate, what, remedy in told:
        share = profile.shares.get(name, 0.0)
        if share > limit:
            yield Finding(
                kind=f"gates.{gate}",
                table="events",
                count=round(share * profile.num_events),
                action=f"refused: {share:.1%} of the events {what}, at most {limit:.1%}",
                remedy=f"{remedy}, or raise `gates.{gate}`",
                severity="error",
            )
