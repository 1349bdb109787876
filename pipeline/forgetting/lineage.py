"""Where people stand in the artifacts of a store, and what may become of each artifact."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from pipeline.forgetting.searching import Person, files_naming
from pipeline.inspection.garbage import Garbage, find_garbage
from pipeline.inspection.graph import Graph
from pipeline.inspection.listing import READER
from pipeline.metadata.store import Artifact

REMOVED: Final = "removed"
REMOVABLE: Final = "removable"
REPLACED: Final = "replaced"
_NEWEST_RUN: Final = 1
_LEFTOVER: Final = "Leftover"
"""Type of a folder that no record names; its id is 0."""

Holds = Literal["by name", "in sums", "unknown", "nothing"]
"""Rows of the person; weights or counts in which their events are among those of others; what cannot be
said, since the data that it was made from are gone; nothing any more."""


@dataclass(frozen=True)
class Held:
    """An artifact that was made from a person's events.

    Attributes:
        artifact: Its record.
        node: The node that made it.
        run_id: The run of that.
        holds: What it holds of the person.
        files: Those that name the person, relative to its folder.
        fate: `removed`, `removable` by `towerline gc --keep 1`, or `replaced` by the next run.
    """

    artifact: Artifact
    node: str
    run_id: str
    holds: Holds
    files: tuple[str, ...]
    fate: str

    def as_dict(self) -> dict[str, object]:
        """For the receipt."""
        return {
            "artifact": self.artifact.id,
            "type": self.artifact.type_name,
            "node": self.node,
            "run_id": self.run_id,
            "uri": self.artifact.uri,
            "holds": self.holds,
            "files": list(self.files),
            "fate": self.fate,
        }


def removable(graph: Graph, root: Path, push_directory: Path) -> Garbage:
    """What neither the newest run nor a pushed version needs: `towerline gc --keep 1` removes it."""
    return find_garbage(graph, root, _NEWEST_RUN, push_directory)


def artifacts_of(graph: Graph, people: Sequence[Person], garbage: Garbage) -> Iterator[Held]:
    """Yields every artifact that was made from the events of one of the people, oldest first.

    The way is that of ML Metadata: from what read the database to all that was made of it. What nodes left
    that were killed is on no way, and is looked into all the same.

    Args:
        graph: All records.
        people: Who is looked for.
        garbage: Of `removable`.
    """
    graph.prepare_all()
    removable_ids = {artifact.id for artifact in garbage.artifacts}
    origins = _origins(graph, people)
    descendants: dict[int, bool | None] = {}
    for number, held in origins.items():
        for made in (number, *graph.descendants(number)):
            descendants[made] = _either(descendants.get(made, False), held)
    for number, artifact in sorted(graph.artifacts.items()):
        folder, held = Path(artifact.uri), descendants.get(number, False)
        files = tuple(str(path.relative_to(folder)) for path in files_naming(folder, people))
        if not files and held is False:
            continue
        maker = graph.maker(artifact)
        yield Held(
            artifact,
            maker.node if maker else "",
            graph.run_id_of(maker) if maker else "",
            _holds(folder, files, held),
            files,
            _fate(artifact, number in removable_ids),
        )
    for folder in garbage.leftovers:
        if files := tuple(str(path.relative_to(folder)) for path in files_naming(folder, people)):
            left = Artifact(_LEFTOVER, str(folder))
            yield Held(left, folder.parent.parent.name, "", "by name", files, REMOVABLE)


def _origins(graph: Graph, people: Sequence[Person]) -> dict[int, bool | None]:
    """Outputs of the node that reads the database -> whether they hold the people; None if they are gone."""
    found: dict[int, bool | None] = {}
    for execution in (item for run in graph.runs for item in run.executions if item.node == READER):
        for artifact in (item for items in graph.outputs(execution).values() for item in items):
            if artifact.id not in found:
                there = Path(artifact.uri).exists()
                found[artifact.id] = bool(files_naming(Path(artifact.uri), people)) if there else None
    return found


def _either(first: bool | None, second: bool | None) -> bool | None:
    if first or second:
        return True
    return None if first is None or second is None else False


def _holds(folder: Path, files: Sequence[str], held: bool | None) -> Holds:
    if not folder.exists():
        return "nothing"
    if files:
        return "by name"
    return "in sums" if held else "unknown"


def _fate(artifact: Artifact, is_removable: bool) -> str:
    if not Path(artifact.uri).exists():
        return REMOVED
    return REMOVABLE if is_removable else REPLACED
