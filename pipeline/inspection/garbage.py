"""Which artifacts nobody needs any more."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pipeline.inspection.files import folder_size
from pipeline.inspection.graph import Graph
from pipeline.metadata.store import Artifact, RunStore
from pipeline.planning.plan import PIPELINE_NAME

_START: Final = "base_model"
"""Input of a trainer."""


@dataclass(frozen=True)
class Garbage:
    """What may go.

    Attributes:
        artifacts: Recorded artifacts, in the order of their ids.
        leftovers: Folders that no record names: nodes that were killed left them.
        num_kept: Recorded artifacts that stay.
    """

    artifacts: tuple[Artifact, ...]
    leftovers: tuple[Path, ...]
    num_kept: int

    def folders(self) -> list[Path]:
        """Folders that there are to remove."""
        recorded = [Path(artifact.uri) for artifact in self.artifacts]
        return [path for path in (*recorded, *self.leftovers) if path.exists()]

    def num_bytes(self) -> int:
        """Bytes that removing them frees."""
        return sum(folder_size(path)[1] for path in self.folders())


def find_garbage(graph: Graph, root: Path, keep: int, push_directory: Path) -> Garbage:
    """Finds what neither the newest runs nor a model that is still pushed were made of.

    Args:
        graph: The records.
        root: The pipeline root: nothing outside it is garbage.
        keep: How many of the newest runs stay whole.
        push_directory: Where models are served from: nothing below it is garbage.
    """
    graph.prepare_all()
    needed = graph.ancestors({*_of_newest(graph, keep), *_of_pushed(graph)}, set(_starts(graph)))
    candidates = [artifact for number, artifact in sorted(graph.artifacts.items()) if number not in needed]
    directories = {_resolved(graph.artifacts[number].uri) for number in needed if number in graph.artifacts}
    unneeded = tuple(
        artifact
        for artifact in candidates
        if (artifact.state != "DELETED" or Path(artifact.uri).exists())
        and _is_removable(Path(artifact.uri), root, push_directory)
        and _resolved(artifact.uri) not in directories
    )
    recorded = {_resolved(artifact.uri) for artifact in graph.artifacts.values()}
    leftovers = tuple(
        path
        for path in sorted(root.glob("*/*/*"))
        if path.name.isdigit()
        and path.is_dir()
        and path.resolve() not in recorded
        and _is_removable(path, root, push_directory)
    )
    return Garbage(unneeded, leftovers, len(graph.artifacts) - len(candidates))


def remove_garbage(location: str, garbage: Garbage) -> None:
    """Removes it.

    Marks first: a folder that is gone while its record says it is there would mislead the cache.

    Args:
        location: ML Metadata.
        garbage: What goes.
    """
    RunStore(location, PIPELINE_NAME).mark_deleted(garbage.artifacts)
    for folder in garbage.folders():
        shutil.rmtree(folder)


def _of_newest(graph: Graph, keep: int) -> Iterable[int]:
    for run in graph.runs[len(graph.runs) - keep :] if keep else ():
        yield from graph.of_run(run)


def _of_pushed(graph: Graph) -> Iterable[int]:
    """Pushed models whose version is still there, with the runs that pushed them: those say why."""
    for artifact in graph.artifacts.of_type("PushedModel"):
        destination = artifact.properties.get("pushed_destination")
        if destination and Path(str(destination)).is_dir():
            yield artifact.id
            maker = graph.maker(artifact)
            yield from graph.of_run(graph.run_of(maker)) if maker else ()


def _starts(graph: Graph) -> Iterator[int]:
    """Models from which another of the same node began, which does not need what they were made of.

    Otherwise a warm start would keep all runs for ever.
    """
    for execution in (execution for run in graph.runs for execution in run.executions):
        for artifact in graph.inputs(execution).get(_START, []):
            maker = graph.maker(artifact)
            if maker is not None and maker.node == execution.node:
                yield artifact.id


def _is_removable(path: Path, root: Path, push_directory: Path) -> bool:
    """Whether a folder lies below the root, is no link that leads elsewhere, and serves nobody."""
    resolved, top, served = path.resolve(), root.resolve(), push_directory.resolve()
    if path.is_symlink() or resolved == top or not resolved.is_relative_to(top):
        return False
    return not (resolved.is_relative_to(served) or served.is_relative_to(resolved))


def _resolved(uri: str) -> Path:
    return Path(uri).resolve()
