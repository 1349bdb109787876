"""Which of two models is blessed: the trained one, or, if that is refused, the baseline it starts from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from components.evaluation.gates import HEADLINE, NEW_PRODUCTS, OURS
from components.evaluation.served import Answers


@dataclass(frozen=True)
class Judged:
    """A model and the verdict of the gates.

    Attributes:
        metrics: As in `metrics.json`.
        answers: What it recommends.
    """

    metrics: dict[str, Any]
    answers: Answers


def with_fallback(refused: Judged, classic: Judged) -> Judged:
    """What is blessed after the trained model was refused.

    Args:
        refused: The trained model.
        classic: The baseline from which its ranker starts.

    Returns:
        The baseline, whose metrics say under `refused_model` what it stands in for, if it passes every gate;
        otherwise the trained model, whose metrics say under `refused_classic` why not.
    """
    if classic.metrics["blessed"]:
        metrics = classic.metrics | {"refused_model": _summary(refused.metrics)}
        return Judged(metrics, classic.answers)
    return Judged(refused.metrics | {"refused_classic": _summary(classic.metrics)}, refused.answers)


def reasons(metrics: Mapping[str, Any]) -> list[str]:
    """Sentences of the gates that were not passed."""
    return [gate["detail"] for gate in metrics["gates"] if not gate["passed"]]


def _summary(metrics: Mapping[str, Any]) -> dict[str, Any]:
    of_new = metrics[NEW_PRODUCTS]["systems"].get(OURS, {}).get(HEADLINE, {})
    return {
        HEADLINE: metrics["systems"][OURS][HEADLINE]["mean"],
        f"{NEW_PRODUCTS}.{HEADLINE}": of_new.get("mean"),
        "reasons": reasons(metrics),
    }
