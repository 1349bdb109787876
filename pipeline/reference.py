"""The reference pages that are made of the code: `python -m pipeline.reference [docs]` writes them.

They are docs/configuration.md, its JSON schema for editors, and docs/cli.md.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import Any, Final

from pydantic import BaseModel

from pipeline.cli import build_parser
from pipeline.config.settings import TowerlineConfig
from schema.files import write_text

_HEAD: Final = """\
# Configuration keys

Written by `make docs` from the settings themselves. Defaults are overridden by `--config FILE.yaml`, then by `--set KEY=VALUE`, then by `--source`. An unknown key is an error that names the nearest valid one.

Editors complete and check a file that begins with

```yaml
# yaml-language-server: $schema=docs/configuration.schema.json
```
"""  # noqa: E501
_NAMELESS: Final = "Of the whole pipeline"

_OPTIONS_HEAD: Final = """\
# Commands

Written by `make docs` from the commands themselves. `towerline COMMAND --help` prints the same; `python -m pipeline` is `towerline`.

Exit codes: 0 done; 1 the pipeline ran and refused (data not valid, model not blessed; the served version stays what it was); 2 a user error, in one line on stderr; 3 an internal failure, with the path of its log; 130 interrupted.
"""  # noqa: E501
_SHARED: Final = "common options"


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


def command_line_page() -> str:
    """Every command with its arguments, and once those that all take."""
    parser = build_parser()
    shared = _shared_options(next(iter(_subparsers(parser).choices.values())))
    known = {"help", *(action.dest for action in shared)}
    parts = [_OPTIONS_HEAD, f"## Options of every command\n\n{_table(shared)}\n"]
    for name, meaning, command in _commands(parser, "towerline"):
        own = [
            action
            for action in command._actions
            if action.dest not in known and not isinstance(action, argparse._SubParsersAction)
        ]
        table = f"\n{_table(own)}\n" if own else ""
        parts.append(f"{'#' * len(name.split())} `{name}`\n\n{_cell(meaning)}\n{table}")
    return "\n".join(parts)


def _shared_options(command: argparse.ArgumentParser) -> list[argparse.Action]:
    groups = [group for group in command._action_groups if group.title == _SHARED]
    return [action for group in groups for action in group._group_actions]


def _commands(
    parser: argparse.ArgumentParser, prefix: str
) -> Iterator[tuple[str, str, argparse.ArgumentParser]]:
    """Commands and, each after its own, their parts."""
    found = _subparsers(parser)
    texts = {action.dest: action.help or "" for action in found._choices_actions}
    for name, command in found.choices.items():
        yield f"{prefix} {name}", texts[name], command
        if any(isinstance(action, argparse._SubParsersAction) for action in command._actions):
            yield from _commands(command, f"{prefix} {name}")


def _subparsers(parser: argparse.ArgumentParser) -> argparse._SubParsersAction[argparse.ArgumentParser]:
    return next(action for action in parser._actions if isinstance(action, argparse._SubParsersAction))


def _table(actions: list[argparse.Action]) -> str:
    rows = [f"| `{_name(action)}` | {_cell(action.help or '')} |" for action in actions]
    return "\n".join(["| argument | meaning |", "|---|---|", *rows])


def _name(action: argparse.Action) -> str:
    shown = action.metavar or (" or ".join(action.choices) if action.choices else action.dest.upper())
    value = " ".join(shown) if isinstance(shown, tuple) else shown
    if not action.option_strings:
        return f"[{value}]" if action.nargs == "?" else value
    flags = ", ".join(action.option_strings)
    return flags if action.nargs == 0 else f"{flags} {value}"


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|") or "–"


def write_pages(folder: Path) -> None:
    """Writes them into a folder."""
    write_text(folder / "configuration.md", configuration_page())
    write_text(folder / "configuration.schema.json", configuration_schema())
    write_text(folder / "cli.md", command_line_page())


if __name__ == "__main__":
    write_pages(Path(sys.argv[1] if len(sys.argv) > 1 else "docs"))
