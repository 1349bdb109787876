"""Forgets people in a work directory, and tells what became of them: everything that held them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from pipeline.config.forgotten_users import forgotten_folder, known_forgotten
from pipeline.forgetting import cleaning
from pipeline.forgetting.lineage import REPLACED, Held, artifacts_of, removable
from pipeline.forgetting.records import clean_record, remembered_records
from pipeline.forgetting.searching import Person
from pipeline.inspection.graph import Graph, open_graph
from pipeline.metadata.location import metadata_location
from pipeline.metadata.store import RunStore
from pipeline.planning.plan import PIPELINE_NAME
from pipeline.planning.workdir import is_running
from schema.files import write_text
from schema.served.versions import newest_version
from schema.settings import Settings

RECEIPTS: Final = "receipts"
_LOGS, _REPORTS = "logs", "reports"

_FORMAT: Final = 1


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


class PushedVersion(Settings):
    """A version in the push directory."""

    version: str
    """Its name."""
    artifact: int | None = None
    """The record of its push in ML Metadata."""
    is_newest: bool = False
    """Whether servers load it."""
    cleaned: tuple[str, ...] = ()
    """Files that named the person until now."""
    holds: str
    """`in sums`: its weights and counts were made from their events among others; `nothing`, or `unknown`,
    since the data are gone or it is in no record."""
    fate: str
    """`replaced`: by the model that the next run pushes."""


class Receipt(Settings):
    """The receipt; it names nobody, and knows a person by the keyed hash on the list."""

    format: int = _FORMAT
    """Of this file."""
    at: str
    """When, ISO text."""
    users: dict[str, bool]
    """Keyed hash -> whether the user is new on the list."""
    since: str = "now"
    """From when on servers and runs leave them out."""
    versions: tuple[PushedVersion, ...] = ()
    """Pushed models."""
    artifacts: tuple[dict[str, Any], ...] = ()
    """What was made from their events, by lineage (`Held.as_dict`)."""
    cleaned: tuple[str, ...] = ()
    """Other files that named them until now: logs, reports, records of requests; ML Metadata itself."""
    requests: int = 0
    """Requests that are gone from records."""
    is_running: bool = False
    """Whether a run is under way, which may have read them before."""

    def count(self, fate: str, holds: str) -> int:
        """Artifacts of one fate that hold the person in one way."""
        return sum(item["fate"] == fate and item["holds"] == holds for item in self.artifacts)


def receipt_lines(receipt: Receipt, path: Path) -> Sequence[str]:
    """The receipt in words."""
    lines = [
        f"{name}: {'forgotten from now on' if is_new else 'forgotten already'}"
        for name, is_new in receipt.users.items()
    ]
    lines += [_version_line(version) for version in receipt.versions]
    if receipt.cleaned:
        lines.append("Cleaned: " + ", ".join(receipt.cleaned))
    if receipt.requests:
        lines.append(f"{receipt.requests:,} recorded requests are gone.")
    lines += [_artifact_line(item) for item in receipt.artifacts if item["fate"] != "removed"]
    lines += [text for text in _what_to_do(receipt) if text]
    return [*lines, f"Receipt: {path}"]


def _version_line(version: PushedVersion) -> str:
    cleaned = f", taken out of {' and '.join(version.cleaned)}" if version.cleaned else ""
    served = " (the newest)" if version.is_newest else ""
    return f"version {version.version}{served}: holds them {version.holds}{cleaned}; {version.fate}"


def _artifact_line(item: Mapping[str, Any]) -> str:
    where = f" ({', '.join(item['files'])})" if item["files"] else ""
    name = f"{item['type']} {item['artifact']} of {item['node']}"
    return f"{name}: holds them {item['holds']}{where}; {item['fate']}"


def _what_to_do(receipt: Receipt) -> Sequence[str]:
    may_go = sum(item["fate"] == "removable" for item in receipt.artifacts)
    remain = sum(item["fate"] == "replaced" for item in receipt.artifacts)
    return [
        f"{may_go} artifacts may go: `towerline gc --keep 1` removes them, or `forget --gc`."
        if may_go
        else "",
        f"{remain} artifacts belong to the newest run or to a pushed version: after the next run, and after "
        "older versions have been removed from the push directory, they may go too."
        if remain
        else "",
        "A run is under way, which may have read them before: forget them once more after it."
        if receipt.is_running
        else "",
    ]
