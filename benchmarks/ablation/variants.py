"""The choices that are compared, each against the default configuration with one key changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from schema.settings import Settings


@dataclass(frozen=True)
class Variant:
    """One changed choice.

    Attributes:
        choice: What is varied.
        value: The value, as the table shows it.
        changes: Configuration keys below `retrieval` or `ranking`, with their values.
    """

    choice: str
    value: str
    changes: Mapping[str, Any] = field(default_factory=dict)


DEFAULT: Final = Variant("default", "")


def _each(key: str, *values: Any) -> list[Variant]:
    return [Variant(key, str(value), {key: value}) for value in values]


RETRIEVAL: Final[Sequence[Variant]] = (
    DEFAULT,
    *_each("encoder", "mf", "mean", "gru", "transformer", "content"),
    *_each("loss", "full_softmax", "sampled_softmax", "in_batch"),
    *_each("temperature", 0.05, 0.1),
    *_each("num_uniform_negatives", 256, 8192),
    *_each("num_hard_negatives", 0, 8),
    *_each("id_dropout", 0.0, 0.4),
)

RANKING: Final[Sequence[Variant]] = (
    DEFAULT,
    *_each("model", "dcn", "dlrm", "ncf", "mlp"),
    *_each("loss", "decoupled_softmax", "listwise_softmax", "pairwise", "pointwise"),
    *_each("new_weight", 0.0, 0.3, 1.0),
)


def resolve(
    variants: Sequence[Variant], base: Settings, choices: Sequence[str]
) -> list[tuple[Variant, Settings]]:
    """Returns the variants that differ from the default, with their settings; the default comes first.

    Args:
        variants: `RETRIEVAL` or `RANKING`.
        base: The settings of the default.
        choices: What to vary; everything if empty.

    Raises:
        UserError: A choice names no configuration key, or a value is none of it.
    """
    resolved = [(DEFAULT, base)]
    for variant in variants:
        if variant is DEFAULT or (choices and variant.choice not in choices):
            continue
        settings = type(base).parse({**base.model_dump(), **variant.changes})
        if settings != base:
            resolved.append((variant, settings))
    return resolved
