"""What became of a person: everything that held them, and whether it still does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from schema.settings import Settings

_FORMAT: Final = 1


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
