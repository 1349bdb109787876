"""`python -m benchmarks.metadata`: builds a store of many runs and measures the commands, as processes."""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks.markdown import table
from benchmarks.metadata.building import Size, build
from benchmarks.timing import in_turn, median

COMMANDS = {
    "runs": (["runs"], 2.0),
    "runs --limit 20": (["runs", "--limit", "20"], 2.0),
    "inspect lineage": (["inspect", "lineage"], 1.0),
    "inspect lineage --artifact (the oldest data)": (["inspect", "lineage", "--artifact", "2"], 1.0),
    "inspect run": (["inspect", "run"], 2.0),
    "inspect artifact": (["inspect", "artifact", "Pusher.pushed_model"], 2.0),
    "gc --keep 5 --dry-run": (["gc", "--keep", "5", "--dry-run"], None),
}
"""Name -> the command, and the seconds that it may take."""


def main() -> int:
    """Builds, measures, prints a table; 1 if a goal is missed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.metadata", description=__doc__)
    parser.add_argument("--executions", type=int, default=10_000)
    parser.add_argument("--artifacts", type=int, default=50_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--workdir", type=Path, help="keep the store here, or use the one that is here")
    arguments = parser.parse_args()
    size = Size(arguments.executions, arguments.artifacts)
    with tempfile.TemporaryDirectory(prefix="towerline-metadata-") as temporary:
        root = arguments.workdir or Path(temporary)
        if not (root / "metadata.db").exists():
            root.mkdir(parents=True, exist_ok=True)
            started = time.perf_counter()
            build(root, size, _tell)
            (root / "run.lock").touch()
            _tell(f"Store of {size.num_runs} runs written in {time.perf_counter() - started:.0f} s")
        seconds = in_turn(
            {name: _call(words, root) for name, (words, _) in COMMANDS.items()}, arguments.rounds
        )
    rows, missed = [], False
    for name, (_, goal) in COMMANDS.items():
        missed |= goal is not None and median(seconds[name]) > goal
        rows.append((f"`towerline {name}`", _spread(seconds[name]), f"{goal:g}" if goal else "–"))
    sys.stdout.write(
        f"{size.executions:,} executions, {size.artifacts:,} artifacts; seconds of the whole process, "
        f"median of {arguments.rounds} (least–most)\n\n{table(('command', 'seconds', 'goal'), rows)}\n"
    )
    return int(missed)


def _spread(values: list[float]) -> str:
    return f"{median(values):.2f} ({min(values):.2f}–{max(values):.2f})"


def _call(words: list[str], root: Path) -> Callable[[], object]:
    command = [sys.executable, "-m", "pipeline", *words, "--workdir", str(root)]
    return lambda: subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


def _tell(text: str) -> None:
    sys.stderr.write(text + "\n")


if __name__ == "__main__":
    sys.exit(main())
