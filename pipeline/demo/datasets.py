"""The demo data sets by name."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from pipeline.demo.complete_journey import write_complete_journey
from pipeline.demo.fashion import write_fashion
from pipeline.demo.movielens import write_movielens_100k
from pipeline.demo.writing import DemoSummary, Progress
from schema.errors import UserError
from schema.source.relations import nearest

COMPLETE_JOURNEY: Final = "complete-journey"
MOVIELENS: Final = "movielens-100k"
FASHION: Final = "fashion"
DATASETS: Final = (COMPLETE_JOURNEY, MOVIELENS, FASHION)
"""Names that `towerline demo` knows."""


def write_demo(name: str, output: Path, profile: str, progress: Progress) -> DemoSummary:
    """Writes a demo database.

    Args:
        name: One of `DATASETS`.
        output: The SQLite file to write; an older one is replaced.
        profile: `quick` or `full`; MovieLens has one size only.
        progress: Called with the table, rows written and rows in all.

    Raises:
        UserError: The data set or profile is unknown, its package is not installed, or the output
            cannot be written.
    """
    if name == COMPLETE_JOURNEY:
        return write_complete_journey(output, profile, progress)
    if name == MOVIELENS:
        return write_movielens_100k(output, progress)
    if name == FASHION:
        return write_fashion(output, profile, progress)
    raise UserError(
        f"Unknown demo data set. Received: {name!r}. Did you mean `{nearest(name, DATASETS)}`? Known: "
        f"{', '.join(DATASETS)}."
    )
