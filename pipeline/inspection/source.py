"""The data of a run: the source, its span, and how much of it there was."""

from __future__ import annotations

from typing import Any

from pipeline.inspection.files import unpacked
from pipeline.inspection.graph import Graph
from pipeline.inspection.view import when
from pipeline.metadata.store import Artifact, Execution, Run
from schema import names

READER = "ProductExampleGen"


def data_of_run(graph: Graph, run: Run) -> dict[str, Any]:
    """Source and span of the data that a run read; empty if it never came to that."""
    execution = graph.node(run, READER)
    return data_of(graph, execution) if execution is not None else {}


def data_of(graph: Graph, execution: Execution) -> dict[str, Any]:
    """Source and span of what an execution of ProductExampleGen read."""
    source = unpacked(execution.properties.get("source", "{}"))
    windows = unpacked(execution.properties.get("windows", "{}"))
    if not isinstance(source, dict) or not isinstance(windows, dict):
        return {}
    outputs = graph.outputs(execution)
    examples: Artifact | None = next(iter(outputs.get("examples", [])), None)
    interactions: Artifact | None = next(iter(outputs.get("interactions", [])), None)
    span = [when(windows.get(name)) for name in ("start", "now")]
    return {
        "source": source.get("url"),
        "tables": source.get("tables") or {},
        "span": " to ".join(span),
        "test_window_from": when(windows.get("test_start")),
        "fingerprint": str(execution.properties.get("fingerprint", ""))[:16],
        "events": interactions.properties.get("num_events") if interactions else None,
        "rows": _rows(examples) if examples else {},
        "windows": windows,
    }


def _rows(examples: Artifact) -> dict[str, int]:
    return {
        split: int(examples.properties[f"num_{split}"])
        for split in names.SPLITS
        if f"num_{split}" in examples.properties
    }
