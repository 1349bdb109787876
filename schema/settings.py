"""Base of all configuration objects: frozen, validated, and strict about unknown keys."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, ValidationError

from schema.errors import ConfigurationError


class Settings(BaseModel):
    """A frozen configuration object.

    Sub-classes declare typed fields with defaults and a docstring under each field. They travel to
    TFX components as JSON (`to_json`, `from_json`).
    """

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    @classmethod
    def parse(cls, values: Mapping[str, Any], prefix: str = "") -> Self:
        """Validates `values`.

        Raises:
            ConfigurationError: A key is unknown (the nearest valid key is named) or a value has a wrong type
                or is out of range.
        """
        try:
            return cls.model_validate(values)
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            raise ConfigurationError(_key(first, prefix), _message(cls, first, prefix)) from error

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Restores what `to_json` wrote."""
        return cls.model_validate_json(text)

    def to_json(self) -> str:
        """Returns canonical JSON: equal settings give equal text, which TFX's cache relies on."""
        return self.model_dump_json()


def _key(error: Mapping[str, Any], prefix: str) -> str:
    return ".".join([*([prefix] if prefix else []), *map(str, error["loc"])])


def _message(cls: type[BaseModel], error: Mapping[str, Any], prefix: str) -> str:
    key = _key(error, prefix)
    if error["type"] != "extra_forbidden":
        said = error["msg"].removeprefix("Value error, ")
        return f"Configuration key `{key}`: {said}. Received: {error['input']!r}."
    known = _dotted_keys(cls, prefix)
    near = difflib.get_close_matches(key, known, n=1, cutoff=0.0)
    return f"Unknown configuration key `{key}`. Did you mean `{near[0]}`?"


def _dotted_keys(cls: type[BaseModel], prefix: str) -> list[str]:
    keys: list[str] = []
    for name, field in cls.model_fields.items():
        key = f"{prefix}.{name}" if prefix else name
        keys.append(key)
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            keys.extend(_dotted_keys(field.annotation, key))
    return keys
