"""What stands in the folder of an artifact, in readable form, by its type."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from pipeline.inspection import data_contents, model_contents
from pipeline.inspection.files import folder_size
from pipeline.inspection.view import View, facts, size
from pipeline.metadata.store import Artifact

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
