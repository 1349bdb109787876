"""`towerline runs --watch`: a run that is going on, node by node."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from pipeline.inspection.graph import open_graph
from pipeline.inspection.listing import is_alive, node_state, run_state
from pipeline.metadata.store import Execution, Run
from pipeline.planning.workdir import is_running
from pipeline.runs.outcome import Outcome, outcome_of
from pipeline.terminal import console

_LOCK = "run.lock"


def watch(location: str, workdir: Path, as_json: bool = False, pause: float = 1.0) -> int:
    """Writes a line whenever a node begins or ends, until the run is over, and how it ended.

    Where no run is going on, it tells of the newest. Nothing is held open between two looks, so that the run
    is never kept waiting.

    Args:
        location: Where ML Metadata is.
        workdir: The work directory, whose lock says whether a run is going on.
        as_json: Whether each line is a JSON object.
        pause: Seconds between two looks.

    Returns:
        The exit code: 0 if the run pushed a model or there is none at all, otherwise 1.
    """
    follower = _Follower(as_json)
    has_written = False
    while True:
        locked = is_running(workdir)  # before the look at the store, which may be newer then, but not older
        graph = open_graph(location)
        run = graph.runs[-1] if graph is not None else None
        if graph is None or run is None or (locked and _is_earlier(run, workdir)):
            if not locked:
                console.note("No run is going on, and none is on record.")
                return 0
            if not has_written:
                console.note("A run has begun; it has not come to its first node yet.")
            has_written = True
        else:
            alive = locked or is_alive(graph, run, location, workdir)
            follower.look(run, alive)
            if not alive:
                return follower.end(run, outcome_of(graph, run))
        time.sleep(pause)


def _is_earlier(run: Run, workdir: Path) -> bool:
    """Whether a run was over when the one that is going on took the lock."""
    try:
        taken = (workdir / _LOCK).stat().st_mtime
    except OSError:
        return False
    return max((execution.ended for execution in run.executions), default=0.0) < taken


class _Follower:
    """Says what is new.

    Args:
        as_json: Whether each line is a JSON object.
    """

    def __init__(self, as_json: bool) -> None:
        self._as_json = as_json
        self._said: dict[int, str] = {}
        self._run_id = ""

    def look(self, run: Run, alive: bool) -> None:
        """Says which nodes have begun or ended since the last look."""
        if run.run_id != self._run_id:
            self._run_id, self._said = run.run_id, {}
            self._say({"run_id": run.run_id, "event": "run"}, f"Run {run.run_id}")
        for number, execution in enumerate(run.executions, 1):
            state = node_state(execution, alive)
            if self._said.get(execution.id) != state:
                self._said[execution.id] = state
                self._node(number, execution, state)

    def end(self, run: Run, outcome: Outcome) -> int:
        """Says how the run ended; returns the exit code."""
        state = run_state(run, outcome, is_alive=False)
        words = {"pushed": f"pushed: {outcome.pushed_to}", "refused": "; ".join(outcome.refusals)}
        data = {"run_id": run.run_id, "event": "end", "state": state, "pushed_to": outcome.pushed_to}
        self._say({**data, "refusals": list(outcome.refusals)}, f"Ended {words.get(state, state)}")
        return int(state != "pushed")

    def _node(self, number: int, execution: Execution, state: str) -> None:
        is_over = state != "running"
        seconds = execution.ended - execution.started if is_over else 0.0
        text = f"[{number:>2}] {execution.node:<22} {state:<9}" + (f" {seconds:7.1f} s" if is_over else "")
        self._say(
            {
                "run_id": self._run_id,
                "event": "node",
                "node": execution.node,
                "state": state,
                "seconds": round(seconds, 3),
            },
            text,
        )

    def _say(self, data: dict[str, Any], text: str) -> None:
        if self._as_json:
            import json

            console.say(json.dumps(data, ensure_ascii=False))
        else:
            console.say(text.rstrip())
