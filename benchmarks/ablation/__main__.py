"""Trains every variant with every seed and prints a table for each model."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from benchmarks.ablation.finished_run import FinishedRun
from benchmarks.ablation.variants import RANKING, RETRIEVAL, Variant, resolve
from schema.errors import UserError
from schema.settings import Settings


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the ablation."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.ablation", description=__doc__)
    parser.add_argument("workdir", help="work directory of a finished `towerline run`; it is only read")
    parser.add_argument("--models", default="retrieval,ranking", help="retrieval,ranking")
    parser.add_argument("--choices", default="", help="what to vary, such as encoder,loss; by default all")
    parser.add_argument("--seeds", default="42,43,44")
    parser.add_argument("--epochs", type=int, default=0, help="most epochs; by default those of the settings")
    parser.add_argument("--output", help="Markdown file that the tables are added to")
    options = parser.parse_args(arguments)
    try:
        run = FinishedRun.open(Path(options.workdir))
        for model in options.models.split(","):
            text = _ablate(model, run, options)
            sys.stdout.write(text + "\n")
            if options.output:
                with Path(options.output).open("a", encoding="utf-8") as file:
                    file.write(text + "\n")
    except UserError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    return 0


def _ablate(model: str, run: FinishedRun, options: argparse.Namespace) -> str:
    from benchmarks.ablation.measuring import measure_ranking, measure_retrieval
    from trainer.settings import RankingSettings, RetrievalSettings

    known: dict[str, tuple[Settings, Sequence[Variant], Callable[..., Any]]] = {
        "retrieval": (RetrievalSettings(), RETRIEVAL, measure_retrieval),
        "ranking": (RankingSettings(), RANKING, measure_ranking),
    }
    if model not in known:
        raise UserError(f"`--models` takes retrieval and ranking. Received: {model!r}.")
    base, variants, measure = known[model]
    if options.epochs:
        base = type(base).parse({**base.model_dump(), "num_epochs": options.epochs})
    choices = [choice for choice in options.choices.split(",") if choice]
    return _table(run, base, resolve(variants, base, choices), measure, options)


def _table(
    run: FinishedRun,
    base: Settings,
    variants: Sequence[tuple[Variant, Settings]],
    measure: Callable[..., Any],
    options: argparse.Namespace,
) -> str:
    from benchmarks.ablation.report import Result, markdown

    seeds = [int(seed) for seed in options.seeds.split(",")]
    results = []
    for number, (variant, settings) in enumerate(variants, start=1):
        start = time.monotonic()
        measured = []
        for seed in seeds:
            measured.append(measure(run, settings, seed))
            seconds = (time.monotonic() - start) / len(measured)
            sys.stderr.write(
                f"{number} of {len(variants)}: {variant.choice} {variant.value}, seed {seed}, "
                f"{seconds:.0f} s each\n"
            )
        results.append(Result(variant, tuple(measured), seconds))
        sys.stderr.write(markdown(results, base) + "\n")
    return markdown(results, base)


if __name__ == "__main__":
    sys.exit(main())
