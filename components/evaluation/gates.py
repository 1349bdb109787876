"""The decision whether a model may be pushed, point by point."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from components.settings import GateSettings

OURS = "towerline"
POPULARITY = "popularity"
CHAMPION = "champion"
HEADLINE = "ndcg@10"
_VERDICTS = {
    ("clearly_better", True): "clearly better",
    ("clearly_better", False): "not clearly better",
    ("not_worse", True): "not worse",
    ("not_worse", False): "clearly worse",
}
COVERAGE = "coverage@10"


@dataclass(frozen=True)
class Gate:
    """One condition of the blessing.

    Attributes:
        name: The key below `gates.` that sets it.
        passed: Whether it holds.
        measured: What was measured, None if it could not be.
        threshold: What is asked.
        detail: The same as a sentence.
    """

    name: str
    passed: bool
    measured: float | None
    threshold: float
    detail: str

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)


def decide(
    systems: Mapping[str, Mapping[str, Mapping[str, float]]],
    differences: Mapping[str, Mapping[str, Mapping[str, float]]],
    settings: GateSettings,
) -> list[Gate]:
    """Judges the composed system on the test window.

    Args:
        systems: System -> metric -> mean (low, high), as in `metrics.json`.
        differences: Other system -> metric -> paired difference, ours minus theirs.
        settings: The thresholds.
    """
    ours = systems[OURS]
    gates = [
        _floor("least_ndcg", "NDCG@10", ours[HEADLINE]["mean"], settings.least_ndcg),
        _floor("least_coverage", "Catalogue coverage@10", ours[COVERAGE]["mean"], settings.least_coverage),
    ]
    if settings.against_popularity != "off":
        wanted = settings.against_popularity
        gates.append(_against_popularity(systems, differences[POPULARITY][HEADLINE], wanted))
    gates.append(_champion(systems, settings.worst_champion_loss))
    return gates


def _floor(name: str, label: str, measured: float, threshold: float) -> Gate:
    passed = measured >= threshold
    relation = "is at least" if passed else "is below"
    return Gate(name, passed, measured, threshold, f"{label} {measured:.4f} {relation} {threshold:.4f}.")


def _against_popularity(
    systems: Mapping[str, Mapping[str, Mapping[str, float]]], difference: Mapping[str, float], wanted: str
) -> Gate:
    measured = difference["low" if wanted == "clearly_better" else "high"]
    passed = measured > 0
    detail = (
        f"NDCG@10 {systems[OURS][HEADLINE]['mean']:.4f} against "
        f"{systems[POPULARITY][HEADLINE]['mean']:.4f} of popularity: "
        f"difference {difference['mean']:+.4f}, 95 % interval {difference['low']:+.4f} to "
        f"{difference['high']:+.4f}: {_VERDICTS[wanted, passed]}."
    )
    return Gate("against_popularity", passed, measured, 0.0, detail)


def _champion(systems: Mapping[str, Mapping[str, Mapping[str, float]]], threshold: float) -> Gate:
    name = "worst_champion_loss"
    if CHAMPION not in systems:
        return Gate(name, True, None, threshold, "There is no champion to compare with.")
    ours, champion = systems[OURS][HEADLINE]["mean"], systems[CHAMPION][HEADLINE]["mean"]
    loss = (champion - ours) / champion if champion > 0 else 0.0
    passed = loss <= threshold
    detail = (
        f"NDCG@10 {ours:.4f} against {champion:.4f} of the champion: relative loss {loss:.2%}, "
        f"{'within' if passed else 'above'} the accepted {threshold:.2%}."
    )
    return Gate(name, passed, loss, threshold, detail)
