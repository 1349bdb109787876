"""`inspect artifact`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from pipeline.inspection import data_contents, model_contents
from pipeline.inspection.files import folder_size
from pipeline.inspection.graph import Graph
from pipeline.inspection.view import View, cell, facts, size, when
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


Reader = Callable[[Artifact, Path], View]

_READERS: dict[str, Reader] = {
    "Examples": data_contents.examples,
    "Interactions": data_contents.interactions,
    "ExampleStatistics": data_contents.statistics,
    "Schema": data_contents.schema,
    "ExampleAnomalies": data_contents.anomalies,
    "InteractionReport": data_contents.checks,
    "TransformGraph": data_contents.vocabularies,
    "RecommenderMetrics": model_contents.metrics,
    "ModelBlessing": model_contents.blessing,
    "InfraBlessing": model_contents.blessing,
    "CandidateIndex": model_contents.index,
    "Preranker": model_contents.index,
    "BaselineLists": model_contents.index,
    "Model": model_contents.model,
    "PushedModel": model_contents.model,
}


def content_of(artifact: Artifact) -> View:
    """The content; a folder that is gone or cannot be read says so instead."""
    folder = Path(artifact.uri)
    if not folder.exists():
        reason = "was removed by `towerline gc`" if artifact.state == "DELETED" else "is missing"
        return _unread(f"the folder {reason}: {artifact.uri}")
    count, total = folder_size(folder)
    about = {"files": count, "bytes": total}
    reader = _READERS.get(artifact.type_name)
    if reader is None:
        return View(about, (facts("Content", {"files": count, "size": size(total)}),))
    try:
        view = reader(artifact, folder)
    except Exception as error:  # whatever a damaged file raises: the rest is worth showing
        return _unread(f"the content cannot be read ({type(error).__name__}: {error}): {artifact.uri}", about)
    return View(
        {**about, **view.data}, (facts("Content", {"files": count, "size": size(total)}), *view.tables)
    )


def _unread(reason: str, about: dict[str, Any] | None = None) -> View:
    return View({**(about or {}), "missing": reason}, (facts("Content", {"note": reason}),))
