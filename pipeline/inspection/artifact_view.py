"""`inspect artifact`."""

from __future__ import annotations

from typing import Any

from pipeline.inspection.contents import content_of
from pipeline.inspection.graph import Graph
from pipeline.inspection.view import View, cell, facts, when
from pipeline.metadata.store import Artifact, Execution


def artifact_view(graph: Graph, artifact: Artifact) -> View:
    """An artifact: what it is, who made and used it, and its content."""
    maker = graph.maker(artifact)
    readers = [_named(graph, execution) for execution in graph.readers(artifact)]
    cached = [_named(graph, execution) for execution in graph.cached_by(artifact)]
    content = content_of(artifact)
    data: dict[str, Any] = {
        "id": artifact.id,
        "type": artifact.type_name,
        "uri": artifact.uri,
        "state": artifact.state,
        "created": artifact.created,
        "properties": dict(artifact.properties),
        "made_by": _named(graph, maker) if maker else None,
        "cached_by": cached,
        "used_by": readers,
        "content": content.data,
    }
    head = {
        "folder": artifact.uri,
        "state": artifact.state,
        "created": when(artifact.created),
        "made by": _words(data["made_by"]) if maker else None,
        "taken from the cache by": _counted(cached),
        "used by": _counted(readers),
        **{f"property {key}": cell(value) for key, value in sorted(artifact.properties.items())},
    }
    return View(data, (facts(f"Artifact {artifact.id}, {artifact.type_name}", head), *content.tables))


def _named(graph: Graph, execution: Execution) -> dict[str, Any]:
    return {"execution": execution.id, "node": execution.node, "run_id": graph.run_id_of(execution)}


def _words(item: dict[str, Any]) -> str:
    return f"{item['node']} of run {item['run_id']}"


def _counted(items: list[dict[str, Any]]) -> str | None:
    """Nodes, with the number of runs in which each did it."""
    if not items:
        return None
    counts: dict[str, int] = {}
    for item in items:
        counts[item["node"]] = counts.get(item["node"], 0) + 1
    return ", ".join(node if count == 1 else f"{node} (in {count} runs)" for node, count in counts.items())
