"""Evaluates in turn and says in Markdown what came out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from benchmarks.evaluation.embedded import Embedded
from benchmarks.evaluation.evaluators import CUT_OFFS, Accuracies, Evaluated, evaluate, factorized_top_k
from benchmarks.markdown import table
from benchmarks.timing import in_turn, median, quotients, spread

OURS = "Towerline"
_FLOAT32 = 1e-5


def compare(embedded: Embedded, names: Sequence[str], rounds: int, seed: int) -> str:
    """Evaluates in turn, and returns the tables."""
    found: dict[str, Any] = {}
    evaluate(embedded, seed)  # traced before it is timed

    def keep(name: str, call: Callable[[], Any]) -> Callable[[], None]:
        return lambda: found.update({name: call()})

    contestants = {OURS: keep(OURS, lambda: evaluate(embedded, seed))}
    contestants |= {name: keep(name, factorized_top_k(embedded, name)) for name in names}
    seconds = in_turn(contestants, rounds)
    ours: Evaluated = found.pop(OURS)
    return "\n\n".join(
        [
            _describe(embedded, rounds),
            _times(seconds, {OURS: ours.accuracies, **found}),
            agreement(ours.accuracies, found),
            _metrics(ours),
        ]
    )


def agreement(ours: Accuracies, theirs: Mapping[str, Accuracies]) -> str:
    """Says whether the accuracies that both give are equal to float32."""
    lines = []
    for name, values in theirs.items():
        apart = max(abs(a - b) for a, b in zip(ours, values, strict=True))
        verdict = "agree" if apart < _FLOAT32 else "DISAGREE"
        lines.append(f"Accuracies of {OURS} and {name} {verdict}: at most {apart:.0e} apart.")
    return "\n".join(lines)


def _describe(embedded: Embedded, rounds: int) -> str:
    (num_users, dim), num_products = embedded.users.shape, len(embedded.products)
    return (
        f"{num_users:,} users, {len(embedded.targets):,} targets, {num_products:,} products, "
        f"dimension {dim}; median of {rounds} rounds, in turn (least–most)."
    )


def _times(seconds: Mapping[str, list[float]], accuracies: Mapping[str, Accuracies]) -> str:
    head = ["evaluated by", "seconds", "ratio", *(f"top {k}" for k in CUT_OFFS)]
    rows = [
        [
            name,
            f"{median(values):.2f}",
            spread(quotients(values, seconds[OURS])),
            *(f"{share:.4f}" for share in accuracies[name]),
        ]
        for name, values in seconds.items()
    ]
    return table(head, rows)


def _metrics(ours: Evaluated) -> str:
    rows = [[name, *(f"{v:.4f}" for v in (i.mean, i.low, i.high))] for name, i in ours.metrics.items()]
    return table(["metric", "mean", "low", "high"], rows)
