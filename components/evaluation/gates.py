"""The decision whether a model may be pushed, point by point."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import NormalDist
from typing import Any

from components.evaluation.bootstrap import LEVEL
from components.evaluation.verdicts import Verdict
from components.settings import GateSettings

OURS = "towerline"
POPULARITY = "popularity"
CHAMPION = "champion"
HEADLINE = "ndcg@10"
_OUTCOMES = {
    ("clearly_better", True): "clearly better",
    ("clearly_better", False): "not clearly better",
    ("not_worse", True): "not worse",
    ("not_worse", False): "clearly worse",
}
COVERAGE = "coverage@10"
_MIN_SLICE = 50
"""Users of a slice that can refuse a model."""
_LARGE_SLICE = 200
"""Users of a slice of users in which baselines can refuse a model."""
_FEW_USERS = 100
"""Of fewer, chance makes one of many baselines the best: intervals are for all comparisons together."""
NEW_PRODUCTS = "new_products_only"
"""Key of `metrics.json` with the same systems asked for what the user never bought before."""
_EVERYTHING, _NEVER_BOUGHT = "everything", "what was never bought before"
_USER_SLICES = ("new_users", "light_users", "heavy_users")

Measured = Mapping[str, float]
Systems = Mapping[str, Mapping[str, Measured]]


def decide(metrics: Mapping[str, Any], settings: GateSettings) -> list[Verdict]:
    """Judges the composed system on the test window.

    Args:
        metrics: As in `metrics.json`: `systems` (system -> metric -> mean, low, high), `differences` (other
            system -> metric -> paired difference, ours minus theirs), `slices`, which have both, and
            `new_products_only`, which has both for what the user never bought before.
        settings: The thresholds.
    """
    systems, differences = metrics["systems"], metrics["differences"]
    ours = systems[OURS]
    gates = [
        _floor("min_ndcg", "NDCG@10", ours[HEADLINE], settings.min_ndcg),
        _floor("min_coverage", "Catalogue coverage@10", ours[COVERAGE], settings.min_coverage),
    ]
    others = [name for name in systems if name not in (OURS, POPULARITY, CHAMPION)]
    for name, baselines, requirement in (
        ("against_popularity", [POPULARITY], settings.against_popularity),
        ("against_baselines", others, settings.against_baselines),
    ):
        if requirement != "off":
            gates += [
                _against(name, part, label, known, requirement)
                for label, part in _questions(metrics).items()
                if (known := [baseline for baseline in baselines if baseline in part["systems"]])
            ]
    gates.append(_champion(systems, differences, settings.max_champion_loss))
    gates.append(_slices(metrics["slices"], settings.max_slice_loss))
    return gates


def _floor(name: str, label: str, value: Measured, threshold: float) -> Verdict:
    measured = value["mean"]
    passed = measured >= threshold
    relation = "is at least" if passed else "is below"
    return Verdict(name, passed, measured, threshold, f"{label} {_text(value)} {relation} {threshold:.4f}.")


def _questions(metrics: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """What is asked of the baselines: everything, what is new to a user, and every large slice of users."""
    parts: dict[str, Mapping[str, Any]] = {_EVERYTHING: metrics}
    if metrics.get(NEW_PRODUCTS, {}).get("systems"):
        parts[_NEVER_BOUGHT] = metrics[NEW_PRODUCTS]
    for name in _USER_SLICES:
        part = metrics["slices"].get(name)
        if part and part["num_queries"] >= _LARGE_SLICE:
            parts[f"{name.replace('_', ' ')} ({part['num_queries']})"] = part
    return parts


def _against(
    name: str, part: Mapping[str, Any], label: str, baselines: Sequence[str], requirement: str
) -> Verdict:
    """Judges by the baseline that comes nearest to the model, or is ahead of it by most."""
    systems = part["systems"]
    together = len(baselines) if part["num_queries"] < _FEW_USERS else 1
    differences = {other: _widened(part["differences"][other][HEADLINE], together) for other in baselines}
    end = "low" if requirement == "clearly_better" else "high"
    hardest = min(baselines, key=lambda other: differences[other][end])
    difference = differences[hardest]
    interval = "95 % interval" + (f" of {together} comparisons together" if together > 1 else "")
    # Two lists that are alike differ by 0 exactly, and are not worse.
    holds = difference[end] > 0 or (requirement == "not_worse" and difference[end] == difference["mean"] == 0)
    detail = (
        f"{label}: NDCG@10 {systems[OURS][HEADLINE]['mean']:.4f} against "
        f"{systems[hardest][HEADLINE]['mean']:.4f} of {hardest}: "
        f"difference {difference['mean']:+.4f}, {interval} {difference['low']:+.4f} to "
        f"{difference['high']:+.4f}: {_OUTCOMES[requirement, holds]}."
    )
    return Verdict(name, holds, difference[end], 0.0, detail[0].upper() + detail[1:])


def _widened(difference: Measured, together: int) -> Measured:
    """The interval of one of several comparisons that hold together in 95 of 100 cases (Bonferroni)."""
    if together == 1:
        return difference
    alone = NormalDist().inv_cdf((1 + LEVEL) / 2)
    factor = NormalDist().inv_cdf(1 - (1 - LEVEL) / (2 * together)) / alone
    mean = difference["mean"]
    return {"mean": mean} | {end: mean + factor * (difference[end] - mean) for end in ("low", "high")}


def _champion(systems: Systems, differences: Systems, threshold: float) -> Verdict:
    name = "max_champion_loss"
    if CHAMPION not in systems:
        return Verdict(name, True, None, threshold, "There is no champion to compare with.")
    ours, champion = systems[OURS][HEADLINE]["mean"], systems[CHAMPION][HEADLINE]["mean"]
    difference = differences[CHAMPION][HEADLINE]
    loss = _relative(champion - ours, champion)
    passed = loss <= threshold
    detail = (
        f"NDCG@10 {ours:.4f} against {champion:.4f} of the champion (difference {_text(difference)}): "
        f"relative loss {loss:.2%}, {'within' if passed else 'above'} the accepted {threshold:.2%}."
    )
    return Verdict(name, passed, loss, threshold, detail)


def _slices(slices: Mapping[str, Any], threshold: float) -> Verdict:
    """Judges by the slice that loses most for certain: by the upper end of the interval of the difference."""
    name = "max_slice_loss"
    parts = {
        label: (part["differences"][CHAMPION][HEADLINE], part["systems"][CHAMPION][HEADLINE])
        for label, part in slices.items()
        if part["num_queries"] >= _MIN_SLICE and CHAMPION in part["differences"]
    }
    losses = {
        label: _relative(-difference["high"], theirs["mean"]) for label, (difference, theirs) in parts.items()
    }
    if not losses:
        return Verdict(name, True, None, threshold, "There is no slice to compare with a champion.")
    worst = max(losses, key=lambda label: losses[label])
    passed = losses[worst] <= threshold
    detail = (
        f"Of {len(losses)} slices, `{worst}` ({slices[worst]['num_queries']} users) does worst against the "
        f"champion: difference of NDCG@10 {_text(parts[worst][0])}, a loss of at least "
        f"{max(losses[worst], 0.0):.2%}, {'within' if passed else 'above'} the accepted {threshold:.2%}."
    )
    return Verdict(name, passed, losses[worst], threshold, detail)


def _relative(loss: float, of: float) -> float:
    return loss / of if of > 0 else 0.0


def _text(value: Measured) -> str:
    if "low" not in value:
        return f"{value['mean']:.4f}"
    return f"{value['mean']:.4f} [{value['low']:.4f}, {value['high']:.4f}]"
