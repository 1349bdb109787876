"""The table of configuration keys that README.md shows: `python -m pipeline.config.reference` prints it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel

from pipeline.config.settings import TowerlineConfig


def config_keys(
    settings: type[BaseModel] = TowerlineConfig, prefix: str = ""
) -> Iterator[tuple[str, Any, str]]:
    """Yields dotted key, default and description of every configuration key."""
    for name, field in settings.model_fields.items():
        kind = field.annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            yield from config_keys(kind, f"{prefix}{name}.")
        elif field.repr:  # what Towerline writes for itself is no key
            yield prefix + name, field.default, field.description or name.replace("_", " ").capitalize() + "."


def config_table() -> str:
    """Returns the keys as a Markdown table."""
    rows = [
        f"| `{key}` | `{_shown(default)}` | {' '.join(text.split())} |"
        for key, default, text in config_keys()
    ]
    return "\n".join(["| key | default | meaning |", "|---|---|---|", *rows])


def _shown(default: Any) -> str:
    if default is None:
        return "–"
    if isinstance(default, bool):
        return str(default).lower()
    return "[]" if default == () else str(default)


if __name__ == "__main__":
    from pipeline.terminal.console import say

    say(config_table())
