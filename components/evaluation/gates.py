"""The decision whether a model may be pushed, point by point."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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
_LEAST_SLICE = 50
"""Users of a slice that can refuse a model."""

Measured = Mapping[str, float]
Systems = Mapping[str, Mapping[str, Measured]]


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


def decide(metrics: Mapping[str, Any], settings: GateSettings) -> list[Gate]:
    """Judges the composed system on the test window.

    Args:
        metrics: As in `metrics.json`: `systems` (system -> metric -> mean, low, high), `differences` (other
            system -> metric -> paired difference, ours minus theirs) and `slices`, which have both.
        settings: The thresholds.
    """
    systems, differences = metrics["systems"], metrics["differences"]
    ours = systems[OURS]
    gates = [
        _floor("min_ndcg", "NDCG@10", ours[HEADLINE], settings.min_ndcg),
        _floor("min_coverage", "Catalogue coverage@10", ours[COVERAGE], settings.min_coverage),
    ]
    others = [name for name in systems if name not in (OURS, POPULARITY, CHAMPION)]
    if settings.against_popularity != "off" and POPULARITY in systems:
        gates.append(_against("against_popularity", metrics, [POPULARITY], settings.against_popularity))
    if others:
        gates.append(_against("against_baselines", metrics, others, settings.against_baselines))
    gates.append(_champion(systems, differences, settings.max_champion_loss))
    gates.append(_slices(metrics["slices"], settings.max_slice_loss))
    return gates


def _floor(name: str, label: str, value: Measured, threshold: float) -> Gate:
    measured = value["mean"]
    passed = measured >= threshold
    relation = "is at least" if passed else "is below"
    return Gate(name, passed, measured, threshold, f"{label} {_text(value)} {relation} {threshold:.4f}.")


def _against(name: str, metrics: Mapping[str, Any], others: Sequence[str], wanted: str) -> Gate:
    """Judges by the baseline that comes nearest to the model, or is ahead of it by most."""
    systems, differences = metrics["systems"], metrics["differences"]
    end = "low" if wanted == "clearly_better" else "high"
    hardest = min(others, key=lambda other: differences[other][HEADLINE][end])
    difference = differences[hardest][HEADLINE]
    holds = difference[end] > 0
    verdict = _VERDICTS["not_worse" if wanted == "off" else wanted, holds]
    detail = (
        f"NDCG@10 {systems[OURS][HEADLINE]['mean']:.4f} against "
        f"{systems[hardest][HEADLINE]['mean']:.4f} of {hardest}: "
        f"difference {difference['mean']:+.4f}, 95 % interval {difference['low']:+.4f} to "
        f"{difference['high']:+.4f}: {verdict}."
    )
    if wanted == "off":
        detail += f" It does not count: `gates.{name}` is off."
    return Gate(name, holds or wanted == "off", difference[end], 0.0, detail)


def _champion(systems: Systems, differences: Systems, threshold: float) -> Gate:
    name = "max_champion_loss"
    if CHAMPION not in systems:
        return Gate(name, True, None, threshold, "There is no champion to compare with.")
    ours, champion = systems[OURS][HEADLINE]["mean"], systems[CHAMPION][HEADLINE]["mean"]
    difference = differences[CHAMPION][HEADLINE]
    loss = _relative(champion - ours, champion)
    passed = loss <= threshold
    detail = (
        f"NDCG@10 {ours:.4f} against {champion:.4f} of the champion (difference {_text(difference)}): "
        f"relative loss {loss:.2%}, {'within' if passed else 'above'} the accepted {threshold:.2%}."
    )
    return Gate(name, passed, loss, threshold, detail)


def _slices(slices: Mapping[str, Any], threshold: float) -> Gate:
    """Judges by the slice that loses most for certain: by the upper end of the interval of the difference."""
    name = "max_slice_loss"
    parts = {
        label: (part["differences"][CHAMPION][HEADLINE], part["systems"][CHAMPION][HEADLINE])
        for label, part in slices.items()
        if part["num_queries"] >= _LEAST_SLICE and CHAMPION in part["differences"]
    }
    losses = {
        label: _relative(-difference["high"], theirs["mean"]) for label, (difference, theirs) in parts.items()
    }
    if not losses:
        return Gate(name, True, None, threshold, "There is no slice to compare with a champion.")
    worst = max(losses, key=lambda label: losses[label])
    passed = losses[worst] <= threshold
    detail = (
        f"Of {len(losses)} slices, `{worst}` ({slices[worst]['num_queries']} users) does worst against the "
        f"champion: difference of NDCG@10 {_text(parts[worst][0])}, a loss of at least "
        f"{max(losses[worst], 0.0):.2%}, {'within' if passed else 'above'} the accepted {threshold:.2%}."
    )
    return Gate(name, passed, losses[worst], threshold, detail)


def _relative(loss: float, of: float) -> float:
    return loss / of if of > 0 else 0.0


def _text(value: Measured) -> str:
    if "low" not in value:
        return f"{value['mean']:.4f}"
    return f"{value['mean']:.4f} [{value['low']:.4f}, {value['high']:.4f}]"
