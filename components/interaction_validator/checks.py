"""A check and its outcome."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Check:
    """The outcome of one check.

    Attributes:
        name: What was checked.
        passed: Whether it holds.
        critical: Whether the run stops if it does not.
        measured: The figure.
        threshold: What the figure is compared with.
        sentence: The finding in words, with the remedy if it does not hold.
    """

    name: str
    passed: bool
    critical: bool
    measured: float
    threshold: float
    sentence: str

    @property
    def stops(self) -> bool:
        """Whether the run must stop."""
        return self.critical and not self.passed

    def to_dict(self) -> dict[str, Any]:
        """Returns what the report says of it."""
        return asdict(self)


def at_most(name: str, measured: float, threshold: float, finding: str, remedy: str) -> Check:
    """Returns a critical check that `measured` does not exceed `threshold`."""
    passed = measured <= threshold
    return Check(name, passed, True, float(measured), float(threshold), _sentence(passed, finding, remedy))


def at_least(name: str, measured: float, threshold: float, finding: str, remedy: str) -> Check:
    """Returns a critical check that `measured` is not below `threshold`."""
    passed = measured >= threshold
    return Check(name, passed, True, float(measured), float(threshold), _sentence(passed, finding, remedy))


def _sentence(passed: bool, finding: str, remedy: str) -> str:
    return finding if passed else f"{finding} Remedy: {remedy}"
