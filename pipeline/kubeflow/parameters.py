"""What an operator may change from run to run, and how that gets into a compiled pipeline."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from pydantic import BaseModel

from pipeline.config.settings import TowerlineConfig
from schema.errors import UserError
from schema.source import mask_url, password_of

SOURCE: Final = "source"
"""The run parameter of `source.url`."""

_CHANGED_BETWEEN_RUNS: Final = (
    "source.url",
    "split.eval_window",
    "split.test_window",
    "retrieval.num_epochs",
    "ranking.num_epochs",
    "seed",
)
_CHANGED_BETWEEN_REFRESHES: Final = ("source.url",)
"""All else that a refresh could be told is as the pushed version has it."""
_GATES: Final = "gates."
_OF_THE_CLUSTER: Final = ("kubeflow.", "metadata.")
_PLACEHOLDER: Final = "{{"

_KINDS: Final = {"STRING": str, "NUMBER_INTEGER": int, "NUMBER_DOUBLE": float}


@dataclass(frozen=True)
class RunParameter:
    """A typed input of the compiled pipeline.

    Attributes:
        name: Its name there.
        key: The configuration key that it sets.
        kind: `str`, `int` or `float`.
        default: Its default; None if every run must name a value.
    """

    name: str
    key: str
    kind: type
    default: str | int | float | None


def run_parameters(config: TowerlineConfig, refresh: bool = False) -> tuple[RunParameter, ...]:
    """Returns the inputs of the compiled pipeline, with the configuration's values as their defaults.

    Args:
        config: The configuration.
        refresh: Whether the pipeline is that of a refresh.
    """
    changed = _CHANGED_BETWEEN_REFRESHES if refresh else _CHANGED_BETWEEN_RUNS
    parameters = []
    for key, value, _ in _leaves(config):
        if key == "source.url":
            parameters.append(RunParameter(SOURCE, key, str, mask_url(value) if value else None))
        elif key in changed or key.startswith(_GATES):
            parameters.append(RunParameter(key.replace(".", "_"), key, type(value), value))
    return tuple(parameters)


def fixed_settings(config: TowerlineConfig, refresh: bool = False) -> dict[str, str]:
    """Returns the keys, as JSON, that differ from the defaults and are no run parameters.

    Raises:
        UserError: A value holds what Kubeflow would take for a placeholder.
    """
    changeable = {parameter.key for parameter in run_parameters(config, refresh)}
    fixed = {
        key: json.dumps(value, ensure_ascii=False)
        for key, value, default in _leaves(config)
        if value != default and key not in changeable and not key.startswith(_OF_THE_CLUSTER)
    }
    for key, value in fixed.items():
        if _PLACEHOLDER in value:
            raise UserError(
                f"Configuration key `{key}` holds `{_PLACEHOLDER}`, which Kubeflow takes for a placeholder. "
                f"Received: {value:.80}. Remedy: write it otherwise."
            )
    return fixed


def with_settings(settings: Mapping[str, Any]) -> TowerlineConfig:
    """Builds the configuration again, inside the cluster.

    Raises:
        UserError: A value is wrong.
    """
    values: dict[str, Any] = {}
    for dotted, value in settings.items():
        *parents, last = dotted.split(".")
        inner = values
        for parent in parents:
            inner = inner.setdefault(parent, {})
        inner[last] = value
    return TowerlineConfig.parse(values)


def _leaves(settings: BaseModel, prefix: str = "") -> Iterator[tuple[str, Any, Any]]:
    """Yields dotted key, value and default, both as JSON has them."""
    defaults = type(settings)().model_dump(mode="json")
    values = settings.model_dump(mode="json")
    for name in type(settings).model_fields:
        inner = getattr(settings, name)
        if isinstance(inner, BaseModel):
            yield from _leaves(inner, f"{prefix}{name}.")
        else:
            yield prefix + name, values[name], defaults[name]


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
