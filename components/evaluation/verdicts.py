"""What a node decides: one verdict for each condition, of whatever kind."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from schema.errors import PipelineRefusedError


@dataclass(frozen=True)
class Verdict:
    """One condition and whether it holds.

    Attributes:
        name: What was judged; of a gate the key below `gates.` that sets it.
        passed: Whether it holds.
        measured: What was measured, None if it could not be.
        threshold: What is asked.
        sentence: The same in words, with the remedy if it does not hold.
        critical: Whether the run stops, or the model is refused, if it does not hold.
    """

    name: str
    passed: bool
    measured: float | None
    threshold: float
    sentence: str
    critical: bool = True

    @property
    def stops(self) -> bool:
        """Whether it does not hold and had to."""
        return self.critical and not self.passed

    def as_check(self) -> dict[str, Any]:
        """For `report.json` of the InteractionValidator."""
        return asdict(self)

    def as_gate(self) -> dict[str, Any]:
        """For `metrics.json`, where the sentence is called `detail`."""
        content = asdict(self) | {"detail": self.sentence}
        return {name: content[name] for name in ("name", "passed", "measured", "threshold", "detail")}


def at_most(name: str, measured: float, threshold: float, finding: str, remedy: str) -> Verdict:
    """Returns the verdict that `measured` does not exceed `threshold`."""
    return _compared(name, measured <= threshold, measured, threshold, finding, remedy)


def at_least(name: str, measured: float, threshold: float, finding: str, remedy: str) -> Verdict:
    """Returns the verdict that `measured` is not below `threshold`."""
    return _compared(name, measured >= threshold, measured, threshold, finding, remedy)


def failures(verdicts: Sequence[Verdict]) -> list[str]:
    """Sentences of what stops."""
    return [verdict.sentence for verdict in verdicts if verdict.stops]


def refuse(verdicts: Sequence[Verdict], introduction: str = "") -> None:
    """Stops the run if a verdict does.

    Raises:
        PipelineRefusedError: With the sentences of all that stop, after `introduction`.
    """
    sentences = failures(verdicts)
    if sentences:
        raise PipelineRefusedError(" ".join([introduction, *sentences]).strip())


def _compared(
    name: str, passed: bool, measured: float, threshold: float, finding: str, remedy: str
) -> Verdict:
    sentence = finding if passed else f"{finding} Remedy: {remedy}"
    return Verdict(name, passed, float(measured), float(threshold), sentence)
