"""Where a key stands in a configuration file."""

from __future__ import annotations

from pathlib import Path
from typing import Any


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
