"""Where an artifact comes from, back to the data, and what was made of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pipeline.inspection.graph import Graph
from pipeline.inspection.listing import READER, data_of
from pipeline.inspection.view import Table, View, cell, facts, lines
from pipeline.metadata.store import Artifact

_MODEL = "model"


def lineage_view(graph: Graph, root: Artifact) -> View:
    """The lineage of an artifact: backwards as a tree, forwards as a list."""
    back, forward = sorted(graph.ancestors([root.id])), sorted(graph.descendants(root.id))
    graph.prepare_makers({*back, *forward})
    data: dict[str, Any] = {
        "root": _described(graph, root),
        "data": _data(graph, back),
        "artifacts": [_described(graph, graph.artifacts[number]) for number in back],
        "edges": list(_edges(graph, back)),
        "used_for": [_described(graph, graph.artifacts[number]) for number in forward],
    }
    texts = list(_tree(graph, root, "", "", set()))
    tables = [lines(f"Lineage of artifact {root.id}, {root.type_name}", texts)]
    tables += [
        facts("Data", {key: cell(value) for key, value in item.items() if key not in ("windows", "tables")})
        for item in data["data"]
    ]
    rows = tuple((str(item["id"]), item["type"], item["node"], item["run_id"]) for item in data["used_for"])
    if rows:
        tables.append(Table("Made from it", ("id", "type", "node", "run"), rows, (0,)))
    return View(data, tuple(tables))


def _data(graph: Graph, artifact_ids: list[int]) -> list[dict[str, Any]]:
    """The reads of the database among the makers."""
    makers = {
        maker.id: maker
        for number in artifact_ids
        if (maker := graph.maker(graph.artifacts[number])) is not None and maker.node == READER
    }
    return [{"run_id": graph.run_id_of(maker), **data_of(graph, maker)} for maker in makers.values()]


def _described(graph: Graph, artifact: Artifact) -> dict[str, Any]:
    maker = graph.maker(artifact)
    return {
        "id": artifact.id,
        "type": artifact.type_name,
        "node": maker.node if maker else "",
        "run_id": graph.run_id_of(maker) if maker else "",
        "uri": artifact.uri,
        "state": artifact.state,
        "is_there": Path(artifact.uri).exists(),
    }


def _edges(graph: Graph, artifact_ids: list[int]) -> Iterator[dict[str, Any]]:
    """From what was read to what was made of it."""
    for number in artifact_ids:
        maker = graph.maker(graph.artifacts[number])
        if maker is not None:
            for key, artifacts in graph.inputs(maker).items():
                for item in artifacts:
                    yield {"from": item.id, "to": number, "as": key, "node": maker.node}


def _tree(graph: Graph, artifact: Artifact, label: str, indent: str, seen: set[int]) -> Iterator[str]:
    maker = graph.maker(artifact)
    by = f" by {maker.node}" if maker else ""
    gone = "" if Path(artifact.uri).exists() else ", its folder is gone"
    version = artifact.properties.get("pushed_version")
    name = f"{artifact.type_name} {artifact.id}" + (f" (version {version})" if version else "")
    yield f"{label}{name}{by}{gone}"
    seen.add(artifact.id)
    inputs = [(key, item) for key, found in graph.inputs(maker).items() for item in found] if maker else []
    inputs.sort(key=lambda pair: pair[0] != _MODEL)
    known = []
    for key, item in inputs:
        if item.id in seen:
            known.append(f"{key} {item.id}")
        else:
            yield from _tree(graph, item, f"{indent}├─ {key}: ", indent + "│  ", seen)
    if known:
        yield f"{indent}└─ seen above: {', '.join(known)}"
