"""A compiled pipeline, and the values of its run parameters as an operator writes them."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from schema.errors import UserError
from schema.source import password_of

_KINDS: Final = {"STRING": str, "NUMBER_INTEGER": int, "NUMBER_DOUBLE": float}


@dataclass(frozen=True)
class Document:
    """What is submitted.

    Attributes:
        path: The YAML.
        parameters: Run parameter -> value, of those that do not keep their default.
    """

    path: Path
    parameters: Mapping[str, str | int | float]


def read_document(path: Path, given: Sequence[str]) -> Document:
    """Reads what `towerline compile` wrote, and `NAME=VALUE` as the types in it say.

    Raises:
        UserError: It is no compiled pipeline, or a parameter is unknown, missing or of another type.
    """
    import yaml

    try:
        spec = next(yaml.safe_load_all(path.read_text(encoding="utf-8")))
        declared: Mapping[str, Any] = spec["root"].get("inputDefinitions", {}).get("parameters", {})
    except (OSError, UnicodeDecodeError, yaml.YAMLError, StopIteration, KeyError, TypeError) as error:
        raise UserError(
            f"The document is no compiled pipeline. Received: {path} ({type(error).__name__}). Remedy: write "
            "one with `towerline compile kubeflow`."
        ) from error
    parameters = dict(_parameter(text, declared) for text in given)
    missing = [
        name
        for name, definition in declared.items()
        if "defaultValue" not in definition and name not in parameters
    ]
    if missing:
        raise UserError(
            f"The run parameter `{missing[0]}` has no default. Remedy: --param {missing[0]}=VALUE."
        )
    return Document(path, parameters)


def _parameter(text: str, declared: Mapping[str, Any]) -> tuple[str, str | int | float]:
    name, equals, value = text.partition("=")
    if not equals:
        raise UserError(f"`--param` takes NAME=VALUE. Received: {text!r}.")
    if name not in declared:
        near = difflib.get_close_matches(name, declared, n=1, cutoff=0.0)
        raise UserError(f"Unknown run parameter `{name}`. Did you mean `{near[0] if near else ''}`?")
    if password_of(value) is not None:
        raise UserError(
            f"The run parameter `{name}` must hold no password, for Kubeflow shows it to everybody. Remedy: "
            "write `***` in its place and put it into the secret."
        )
    kind = declared[name]["parameterType"]
    try:
        return name, _KINDS[kind](value)
    except ValueError as error:
        raise UserError(f"The run parameter `{name}` is a {kind}. Received: {value!r}.") from error
