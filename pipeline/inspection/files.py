"""Reads files of artifacts that may be gone."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any


def read_json(path: Path) -> dict[str, Any]:
    """A JSON object; empty if the file is absent or no JSON."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


def folder_size(path: Path) -> tuple[int, int]:
    """Number of files and their bytes."""
    sizes = [file.stat().st_size for file in path.rglob("*") if file.is_file()]
    return len(sizes), sum(sizes)


def unpacked(value: Any) -> Any:
    """JSON within JSON, as the parameters of nodes hold it, taken apart."""
    if isinstance(value, str) and value[:1] in ("{", "["):
        try:
            return unpacked(json.loads(value))
        except ValueError:
            return value
    if isinstance(value, dict):
        return {key: unpacked(inner) for key, inner in value.items()}
    return [unpacked(inner) for inner in value] if isinstance(value, list) else value
