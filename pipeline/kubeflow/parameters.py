"""What an operator may change from run to run, and how the rest of a configuration gets into the image."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from pydantic import BaseModel

from pipeline.config.settings import TowerlineConfig
from schema.errors import UserError
from schema.source import mask_url

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
