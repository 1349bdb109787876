"""From defaults, a YAML file and `--set` to one validated configuration."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pipeline.config.renamed import RENAMED, warning, with_new_names
from pipeline.config.settings import TowerlineConfig
from pipeline.terminal.console import note
from schema.errors import UserError


def load_config(arguments: argparse.Namespace, source: str | None = None) -> TowerlineConfig:
    """Returns defaults, overridden by `--config`, then by `--set`, then by `--source`.

    Raises:
        UserError: The file is absent or no mapping, a `--set` has no `=`, or a key or value is wrong.
    """
    values, old_keys = with_new_names(_read(arguments.config) if arguments.config else {})
    for key, value in parse_overrides(arguments.set):
        old_keys += [key] if key in RENAMED else []
        _put(values, RENAMED.get(key, key), value)
    values, within = with_new_names(values)  # of sections that are set as a whole
    if source:
        _put(values, "source.url", source)
    if old_keys or within:
        note(warning([*old_keys, *within]))
    return TowerlineConfig.parse(values)


def parse_overrides(overrides: Sequence[str]) -> list[tuple[str, Any]]:
    """Splits `key=value`; values are read as YAML, so `3`, `true` and `[a, b]` have their types.

    Raises:
        UserError: There is no `=`, or the value is no YAML.
    """
    return [_override(text) for text in overrides]


def _override(text: str) -> tuple[str, Any]:
    import yaml

    key, equals, value = text.partition("=")
    if not equals or not key.strip():
        raise UserError(f"`--set` takes key=value. Received: {text!r}. Remedy: such as --set seed=7.")
    try:
        return key.strip(), yaml.safe_load(value)
    except yaml.YAMLError as error:
        raise UserError(f"The value of `--set {key}` is no YAML. Received: {value!r}.") from error


def _read(file: str) -> dict[str, Any]:
    import yaml

    try:
        values = yaml.safe_load(Path(file).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(
            f"The configuration file cannot be read. Received: --config {file} ({error})."
        ) from error
    except yaml.YAMLError as error:
        raise UserError(f"The configuration file {file} is no YAML: {error}") from error
    if values is None:
        return {}
    if not isinstance(values, dict):
        raise UserError(f"The configuration file {file} must be a mapping of keys. Received: {values!r:.80}.")
    return values


def _put(values: dict[str, Any], dotted: str, value: Any) -> None:
    *parents, last = dotted.split(".")
    for name in parents:
        inner = values.setdefault(name, {})
        if not isinstance(inner, Mapping):
            raise UserError(
                f"Configuration key `{name}` holds a value, so `{dotted}` cannot be set below it."
            )
        values[name] = inner = dict(inner)
        values = inner
    values[last] = value


def line_of(file: str, key: str) -> int | None:
    """The line, from 1, of a dotted key or of the nearest above it that the file has; None without one."""
    import yaml

    try:
        node: Any = yaml.compose(Path(file).read_text(encoding="utf-8"), Loader=yaml.SafeLoader)
    except (OSError, UnicodeDecodeError, yaml.YAMLError):
        return None
    line = None
    for name in key.split("."):
        found = _child(node, name, yaml)
        if found is None:
            break
        node, line = found
    return line


def _child(node: Any, name: str, yaml: Any) -> tuple[Any, int] | None:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if str(key.value) == name:
                return value, key.start_mark.line + 1
    if isinstance(node, yaml.SequenceNode) and name.isdigit() and int(name) < len(node.value):
        item = node.value[int(name)]
        return item, item.start_mark.line + 1
    return None
