from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.ablation.finished_run import FinishedRun


@pytest.fixture(scope="session")
def finished_run(trained_shop) -> FinishedRun:
    """The small shop as a finished run."""
    directory: Path = trained_shop.directory
    return FinishedRun(
        examples=directory / "transformed",
        candidates=directory / "candidates",
        transform_graph=directory / "transformed" / "transform_graph",
        retrieval_model=Path(trained_shop.retrieval),
        features=trained_shop.plan.features,
        windows=trained_shop.plan.windows,
        split=trained_shop.plan.config.split,
        event_weights={},
    )
