"""What a run leaves beside its report: how it was started, and with what."""

from __future__ import annotations

import json
import platform
import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from importlib import metadata
from pathlib import Path
from typing import Any, Final

REPORTS: Final = "reports"
"""Folder of the reports in the work directory."""

_PASSWORD = re.compile(r"(://[^:/@\s]*:)\S*(@)")
_PACKAGES = (
    "tfx",
    "tensorflow",
    "tensorflow-recommenders",
    "tensorflow-transform",
    "ml-metadata",
    "apache-beam",
    "numpy",
    "pyarrow",
    "towerline",
)


def record_path(reports: Path, run_id: str) -> Path:
    """Where a run is recorded."""
    return reports / f"{run_id}.json"


def report_path(reports: Path, run_id: str) -> Path:
    """Where the report of a run is."""
    return reports / f"{run_id}.html"


def write_record(
    reports: Path, run_id: str, command: Sequence[str], config: Mapping[str, Any], code: str
) -> None:
    """Writes how a run was started; passwords are masked."""
    content = {
        "command": masked(shlex.join(command)),
        "config": dict(_flat(config)),
        "code": code[:16],
        "host": f"{platform.system()} {platform.machine()}, Python {platform.python_version()}",
        "packages": dict(_versions()),
    }
    reports.mkdir(parents=True, exist_ok=True)
    record_path(reports, run_id).write_text(json.dumps(content, indent=1, default=str), encoding="utf-8")


def masked(text: str) -> str:
    """A command line without passwords."""
    return _PASSWORD.sub(r"\1***\2", text)


def _flat(value: Any, prefix: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping) and value:
        for key, inner in value.items():
            yield from _flat(inner, f"{prefix}.{key}" if prefix else str(key))
    else:
        yield prefix, value


def _versions() -> Iterator[tuple[str, str]]:
    for name in _PACKAGES:
        try:
            yield name, metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
