"""The list of forgotten users of a work directory."""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from schema.files import locked, write_text
from schema.source.forgotten import KEY_FILE, KEY_VARIABLE, LIST_FILE, Forgotten, keyed_hash, read_forgotten
from schema.source_settings import SourceSettings

FOLDER: Final = "forgotten"
"""Folder of the list in the work directory."""
_FORMAT: Final = 1
_KEY_BYTES: Final = 32
_LOCK: Final = ".lock"


def forgotten_folder(workdir: Path) -> Path:
    """Where the list, its key and the receipts of a work directory are."""
    return workdir / FOLDER


def forget_users(workdir: Path, user_ids: Iterable[str]) -> dict[str, bool]:
    """Puts users on the list; it is on the disk when this returns.

    Returns:
        Hash of each, and whether it is new on the list.

    Raises:
        UserError: The list that there is cannot be read, or its key is missing.
    """
    folder = forgotten_folder(workdir)
    folder.mkdir(parents=True, exist_ok=True)
    with locked(folder / _LOCK):
        hashes, key = read_forgotten(folder, os.environ)
        known = Forgotten(hashes, key).hashes
        if key is None:
            key = secrets.token_hex(_KEY_BYTES)
            write_text(folder / KEY_FILE, key + "\n", is_private=True)
        found = {keyed_hash(user_id, bytes.fromhex(key)): False for user_id in user_ids}
        added = {name: name not in known for name in found}
        if any(added.values()):
            _write(folder, [name for name, is_new in added.items() if is_new])
    return added


def with_forgotten(settings: SourceSettings, workdir: Path) -> SourceSettings:
    """Returns the source without those on the list; their key goes into the environment of the process.

    Raises:
        UserError: The list cannot be read, or its key is missing.
    """
    return settings.model_copy(update={"forgotten": provide_key(workdir)})


def known_forgotten(workdir: Path) -> Forgotten:
    """Who is on the list of a work directory.

    Raises:
        UserError: The list cannot be read, or its key is missing.
    """
    return Forgotten(*read_forgotten(forgotten_folder(workdir), os.environ))


def provide_key(workdir: Path) -> tuple[str, ...]:
    """Puts the key into the environment, where executors look for it; returns the list."""
    hashes, key = read_forgotten(forgotten_folder(workdir), os.environ)
    Forgotten(hashes, key)
    if hashes and key is not None:
        os.environ[KEY_VARIABLE] = key
    return hashes


def _write(folder: Path, hashes: Iterable[str]) -> None:
    path = folder / LIST_FILE
    users: list[dict[str, Any]] = []
    if path.is_file():
        users = json.loads(path.read_text(encoding="utf-8"))["users"]
    now = datetime.now(UTC).isoformat(timespec="seconds")
    users += [{"hash": name, "since": now} for name in hashes]
    write_text(path, json.dumps({"format": _FORMAT, "users": users}, indent=1) + "\n")
