"""How long the nodes of a pipeline took when they last ran."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final

from pipeline.terminal.progress import RAN

_RUNS: Final = 5


def expected_seconds(logs: Path) -> dict[str, float]:
    """Returns node -> seconds, of the newest of the last few runs in which it was not served from the cache.

    Args:
        logs: Folder with a record of each run.
    """
    found: dict[str, float] = {}
    for path in sorted(logs.glob("run-*.json"), reverse=True)[:_RUNS]:
        try:
            stages = json.loads(path.read_text(encoding="utf-8"))["stages"]
            ran = {str(stage["node"]): float(stage["seconds"]) for stage in stages if stage["outcome"] == RAN}
        except (OSError, ValueError, KeyError, TypeError):  # a record that is half-written or of another time
            continue
        found = ran | found
    return found
