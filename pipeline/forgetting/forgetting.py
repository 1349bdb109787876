"""Forgets people in a work directory."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from pipeline.config.forgotten_users import forgotten_folder, known_forgotten
from pipeline.forgetting import cleaning
from pipeline.forgetting.lineage import REPLACED, Held, artifacts_of, removable
from pipeline.forgetting.receipt import PushedVersion, Receipt
from pipeline.forgetting.records import clean_record, remembered_records
from pipeline.forgetting.searching import Person
from pipeline.inspection.graph import Graph, open_graph
from pipeline.metadata.location import metadata_location
from pipeline.metadata.store import RunStore
from pipeline.planning.plan import PIPELINE_NAME
from pipeline.planning.workdir import is_running
from schema.files import write_text
from schema.served.versions import newest_version

RECEIPTS: Final = "receipts"
_LOGS, _REPORTS = "logs", "reports"


@dataclass(frozen=True)
class Locations:
    """Where people are forgotten.

    Attributes:
        workdir: The work directory.
        push_directory: Where models are served from.
        metadata: Path or URL of ML Metadata.
    """

    workdir: Path
    push_directory: Path
    metadata: str

    @property
    def artifacts(self) -> Path:
        """The pipeline root."""
        return self.workdir / "artifacts"


def locations_of(config: Any, workdir: Path) -> Locations:
    """The locations that a configuration names."""
    return Locations(
        workdir, config.push.directory_in(workdir), metadata_location(config.metadata, str(workdir))
    )


def clean(
    locations: Locations, people: Sequence[Person]
) -> tuple[dict[str, list[str]], tuple[str, ...], int]:
    """Takes people out of what is served, recorded and logged.

    Whoever else is on the list goes too, where a later push has brought them back.

    Returns:
        Pushed version -> files that have changed; other files that have changed; requests that are gone.
    """
    served = cleaning.clean_pushed(locations.push_directory, known_forgotten(locations.workdir))
    logs, reports = locations.workdir / _LOGS, locations.workdir / _REPORTS
    cleaned = [
        *cleaning.clean_texts(logs, "*", people),
        *cleaning.clean_texts(reports, "*.json", people),
        *cleaning.remove_reports(reports, people),
    ]
    texts = [_shown(path, locations.workdir) for path in cleaned]
    if RunStore(locations.metadata, PIPELINE_NAME).replace_texts(_without(people)):
        texts.append("ML Metadata")
    requests = 0
    for record in remembered_records(locations.workdir):
        gone = clean_record(record, {person.user_id for person in people})
        texts += [_shown(record, locations.workdir)] if gone else []
        requests += gone
    return served, tuple(texts), requests


def trace(
    locations: Locations,
    people: Sequence[Person],
    users: Mapping[str, bool],
    cleaned: tuple[dict[str, list[str]], tuple[str, ...], int],
) -> Receipt:
    """Makes the receipt of what there is now.

    Args:
        locations: Where.
        people: Who.
        users: Of `forget_users`.
        cleaned: Of `clean`.
    """
    served, texts, requests = cleaned
    graph = open_graph(locations.metadata)
    held: list[Held] = []
    if graph is not None:
        garbage = removable(graph, locations.artifacts, locations.push_directory)
        held = list(artifacts_of(graph, people, garbage))
    return Receipt(
        at=datetime.now(UTC).isoformat(timespec="seconds"),
        users=dict(users),
        versions=tuple(_versions(locations, graph, held, served)),
        artifacts=tuple(item.as_dict() for item in held),
        cleaned=texts,
        requests=requests,
        is_running=is_running(locations.workdir),
    )


def write_receipt(locations: Locations, receipt: Receipt) -> Path:
    """Writes a receipt beside the earlier ones, and returns its path."""
    folder = forgotten_folder(locations.workdir) / RECEIPTS
    stem = datetime.now(UTC).strftime("%Y%m%dT%H%M%S.%f")
    path = folder / f"{stem}.json"
    write_text(path, receipt.model_dump_json(indent=1) + "\n", is_private=True)
    return path


def _versions(
    locations: Locations, graph: Graph | None, held: Sequence[Held], served: Mapping[str, Sequence[str]]
) -> Iterator[PushedVersion]:
    """Every version that is there and has, or may have, been made from events of the people."""
    pushes: dict[str, int] = {}
    for artifact in graph.artifacts.of_type("PushedModel") if graph is not None else ():
        destination = str(artifact.properties.get("pushed_destination", ""))
        if destination and Path(destination).parent == locations.push_directory:
            pushes[Path(destination).name] = artifact.id
    holds = {item.artifact.id: item for item in held}
    newest = newest_version(locations.push_directory)
    for version, changed in served.items():
        push = pushes.get(version)
        is_theirs = push in holds or bool(changed)
        if push is not None and not is_theirs:
            continue
        yield PushedVersion(
            version=version,
            artifact=push,
            is_newest=version == str(newest),
            cleaned=tuple(changed),
            holds="in sums" if is_theirs else "unknown",
            fate=REPLACED,
        )


def _without(people: Sequence[Person]) -> Any:
    def replaced(text: str) -> str:
        for person in people:
            text = person.taken_out(text)
        return text

    return replaced


def _shown(path: Path, workdir: Path) -> str:
    return str(path.relative_to(workdir)) if path.is_relative_to(workdir) else str(path)
