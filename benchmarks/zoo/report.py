"""The table of the zoo: each shop beside its best classic."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

from benchmarks.markdown import NOTHING, number, signed, table
from benchmarks.quality.protocols import ALL, NDCG, NEW
from benchmarks.quality.report import OURS, baselines, systems
from benchmarks.zoo.random_recipes import describe, random_recipe

QUESTIONS: Final = {ALL: "everything", NEW: "never bought before"}


@dataclass(frozen=True)
class Comparison:
    """Towerline beside the best classic for one question.

    Attributes:
        ours: NDCG@10.
        best: Name of the best classic.
        theirs: Its NDCG@10.
        low: Lower end of the paired 95 % interval of the difference, ours less theirs.
        high: Upper end.
    """

    ours: float
    best: str
    theirs: float
    low: float
    high: float

    @property
    def ratio(self) -> float:
        """Ours by theirs; 1 if both are 0."""
        return self.ours / self.theirs if self.theirs > 0 else 1.0


@dataclass(frozen=True)
class Result:
    """A shop.

    Attributes:
        shop: Its name.
        questions: Question -> comparison, where anything was asked.
        blessed: The verdict of the gates.
        refusals: Why not.
        seconds: Of the whole run.
    """

    shop: str
    questions: Mapping[str, Comparison]
    blessed: bool
    refusals: tuple[str, ...]
    seconds: float


def result_of(shop: str, run: Mapping[str, Any], seconds: float) -> Result:
    """Reads what `towerline run --json` printed."""
    metrics = run["metrics"]
    parts = {ALL: metrics, NEW: metrics.get("new_products_only", {})}
    questions = {}
    for question, part in parts.items():
        known = baselines(run, question)
        if not known:
            continue
        found, best = systems(run, question), known[0]
        difference = part["differences"][best][NDCG]
        questions[question] = Comparison(
            found[OURS][NDCG]["mean"], best, found[best][NDCG]["mean"], difference["low"], difference["high"]
        )
    refused = tuple(gate["detail"] for gate in metrics["gates"] if not gate["passed"])
    return Result(shop, questions, bool(metrics["blessed"]), refused, seconds)


def geometric_mean(results: Sequence[Result], question: str) -> float:
    """Of the ratios of a question."""
    logs = [math.log(result.questions[question].ratio) for result in results if question in result.questions]
    return math.exp(sum(logs) / len(logs)) if logs else 1.0


def as_dict(results: Sequence[Result]) -> dict[str, Any]:
    """For JSON."""
    return {
        "shops": [asdict(result) for result in results],
        "geometric_mean": {question: geometric_mean(results, question) for question in QUESTIONS},
        "worst": {question: _worst(results, question) for question in QUESTIONS},
    }


def markdown(results: Sequence[Result], command: str) -> str:
    """The table, the means, the refusals, and the recipes that were drawn."""
    head = ["shop"]
    for label in QUESTIONS.values():
        head += [f"NDCG@10, {label}", "best classic", "ratio", "paired difference"]
    rows = [[result.shop, *_cells(result), _verdict(result), f"{result.seconds:.0f}"] for result in results]
    lines = [f"```\n{command}\n```", "", table([*head, "gates", "seconds"], rows), ""]
    for question, label in QUESTIONS.items():
        mean, worst = geometric_mean(results, question), _worst(results, question)
        lines.append(f"Ratio to the best classic, {label}: geometric mean {mean:.3f}, worst {worst:.3f}.")
    lines += [
        f"\n{result.shop} was refused: {' '.join(result.refusals)}"
        for result in results
        if not result.blessed
    ]
    drawn = {result.shop: random_recipe(result.shop) for result in results}
    lines += [f"\n{shop}: {describe(recipe)}." for shop, recipe in drawn.items() if recipe]
    return "\n".join(lines) + "\n"


def _worst(results: Sequence[Result], question: str) -> float:
    ratios = [result.questions[question].ratio for result in results if question in result.questions]
    return min(ratios, default=1.0)


def _cells(result: Result) -> list[str]:
    cells = []
    for question in QUESTIONS:
        found = result.questions.get(question)
        if found is None:
            cells += [NOTHING] * 4
            continue
        interval = f"{signed(found.ours - found.theirs)} [{signed(found.low)}, {signed(found.high)}]"
        cells += [number(found.ours), f"{number(found.theirs)} {found.best}", f"{found.ratio:.3f}", interval]
    return cells


def _verdict(result: Result) -> str:
    return "blessed" if result.blessed else "refused"
