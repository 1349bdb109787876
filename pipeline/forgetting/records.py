"""Files of requests that `towerline serve --record` wrote for a work directory."""

from __future__ import annotations

import json
from collections.abc import Collection
from pathlib import Path
from typing import Any, Final

from pipeline.config.forgotten_users import forgotten_folder
from schema.files import write_json
from schema.source.ids import canonical_id
from serving.replay.record_file import rewritten

_FILE: Final = "records.json"


def remember_record(workdir: Path, record: Path) -> None:
    """Notes where requests are recorded, so that they can be forgotten there."""
    known = remembered_records(workdir)
    path = record.expanduser().absolute()
    if path not in known:
        write_json(forgotten_folder(workdir) / _FILE, [str(found) for found in (*known, path)])


def remembered_records(workdir: Path) -> list[Path]:
    """Where requests have been recorded."""
    path = forgotten_folder(workdir) / _FILE
    return [Path(name) for name in json.loads(path.read_text("utf-8"))] if path.is_file() else []


def clean_record(path: Path, user_ids: Collection[str]) -> int:
    """Takes the requests of users out of a record, while a server may be writing to it.

    Args:
        path: The record.
        user_ids: In their canonical form.

    Returns:
        The number of requests that are gone.
    """
    with rewritten(path) as lines:
        kept = [line for line in lines if not _is_theirs(line, user_ids)]
        count = len(lines) - len(kept)
        lines[:] = kept
    return count


def _is_theirs(line: str, user_ids: Collection[str]) -> bool:
    try:
        entry = json.loads(line)
    except ValueError:  # a line that a killed server did not finish may be anybody's
        return True
    return any(canonical_id(str(name)) in user_ids for name in _users(entry))


def _users(entry: Any) -> list[Any]:
    request, answer, readings = (entry.get(name) or {} for name in ("request", "answer", "readings"))
    query = (readings.get("question") or {}).get("query") or {}
    return [part["user_id"] for part in (request, answer, query) if part.get("user_id")]
