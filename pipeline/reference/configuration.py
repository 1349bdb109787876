"""The keys of the configuration, as a page and as a JSON schema for editors."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import groupby
from typing import Any, Final

from pydantic import BaseModel

from pipeline.config.settings import TowerlineConfig

_HEAD: Final = """\
# Configuration keys

Written by `make docs` from the settings themselves. Defaults are overridden by `--config FILE.yaml`, then by `--set KEY=VALUE`, then by `--source`. An unknown key is an error that names the nearest valid one.

Editors complete and check a file that begins with

```yaml
# yaml-language-server: $schema=docs/configuration.schema.json
```
"""  # noqa: E501
_NAMELESS: Final = "Of the whole pipeline"


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


def configuration_page() -> str:
    """Every key with its default and meaning, one table a section."""
    sections = [f"## {title}\n\n{config_table(keys)}\n" for title, keys in _sections()]
    return "\n".join([_HEAD, *sections])


def config_table(keys: list[tuple[str, Any, str]]) -> str:
    """Some keys as a Markdown table."""
    rows = [f"| `{key}` | `{_shown(default)}` | {' '.join(text.split())} |" for key, default, text in keys]
    return "\n".join(["| key | default | meaning |", "|---|---|---|", *rows])


def configuration_schema() -> str:
    """The JSON schema of a configuration file."""
    schema = TowerlineConfig.model_json_schema()
    _without_internals(TowerlineConfig, schema, schema)
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "Towerline configuration"}
    return json.dumps({**schema, **head}, indent=1, ensure_ascii=False) + "\n"


def _sections() -> Iterator[tuple[str, list[tuple[str, Any, str]]]]:
    def section(entry: tuple[str, Any, str]) -> str:
        return entry[0].partition(".")[0] if "." in entry[0] else _NAMELESS

    ordered = sorted(config_keys(), key=lambda entry: "." not in entry[0])
    for title, keys in groupby(ordered, section):
        yield title, list(keys)


def _without_internals(settings: type[BaseModel], schema: dict[str, Any], whole: dict[str, Any]) -> None:
    """Takes out what Towerline writes for itself, in place."""
    for name, field in settings.model_fields.items():
        kind = field.annotation
        if not field.repr:
            schema["properties"].pop(name, None)
        elif isinstance(kind, type) and issubclass(kind, BaseModel):
            _without_internals(kind, whole["$defs"][kind.__name__], whole)


def _shown(default: Any) -> str:
    if default is None:
        return "–"
    if isinstance(default, bool):
        return str(default).lower()
    return "[]" if default == () else str(default)
