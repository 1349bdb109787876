"""What a server may have beside model and shop."""

from __future__ import annotations

from collections.abc import Callable, Container
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from serving.new_products.side_index import SideIndex
from serving.replay.recording import Recorder


@dataclass(frozen=True)
class RunHistory:
    """The runs of the pipeline, as whoever starts the server knows to find them.

    Attributes:
        rows: Gives a row for each run, oldest first, as `towerline runs --json` prints them; may be slow.
        reports: The folder with `<run>.html`.
    """

    rows: Callable[[], list[dict[str, Any]]]
    reports: Path


@dataclass(frozen=True)
class Extras:
    """Each may be missing.

    Attributes:
        side_index: Products that have been added between runs; in memory alone if it is missing.
        recorder: Writes requests and answers.
        runs: What `/runs` shows.
        forgotten: Users of whom nothing is known.
    """

    side_index: SideIndex | None = None
    recorder: Recorder | None = None
    runs: RunHistory | None = None
    forgotten: Container[str] = frozenset()
