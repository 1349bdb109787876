"""Asks a pushed model for the trace of one product, and for the list as it would be otherwise."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from schema import names
from schema.served import tracing
from schema.served.request import Query, encode_queries
from serving.model.hidden import without_hidden
from serving.model.items import Columns, Ranked
from serving.model.pushed_model import PushedModel


@dataclass(frozen=True)
class WhatIf:
    """What of the model does not count.

    Attributes:
        without_rules: Numbers of rules.
        without_exclusion: Whether what was bought may come again whatever the configuration says.
    """

    without_rules: frozenset[int] = frozenset()
    without_exclusion: bool = False


@dataclass(frozen=True)
class TraceSubject:
    """Of whom and of which product.

    Attributes:
        query: The user.
        product_id: One that the model knows.
        exclude_purchased: As the request wants it.
    """

    query: Query
    product_id: str
    exclude_purchased: bool


class Trace:
    """One product on its way through the stages; ranks count from 1, and 0 is none.

    Args:
        columns: Outputs of the signature, of one row.
    """

    def __init__(self, columns: Mapping[str, Any]) -> None:
        self._columns = columns

    def flag(self, name: str) -> bool:
        """A field that is true or false."""
        return bool(self._columns[name])

    def count(self, name: str) -> int:
        """A rank, or another whole number."""
        return int(self._columns[name])

    def number(self, name: str) -> float:
        """A score or days; NaN if unknown."""
        return float(self._columns[name])

    def text(self, name: str) -> str:
        """An id, or empty."""
        value: bytes = self._columns[name]
        return value.decode()

    def row(self, name: str) -> list[Any]:
        """One value for each source, step, group or rule."""
        values: list[Any] = self._columns[name].tolist()
        return values


def cannot_explain(model: PushedModel) -> str:
    """Why the model cannot be asked, and what to do; empty if it can."""
    if model.has(names.EXPLAIN):
        return ""
    return f"Model {model.version} was pushed before there was such a question. Remedy: `towerline run`."


def trace(model: PushedModel, subject: TraceSubject, diversity: float | None, what_if: WhatIf) -> Trace:
    """The trace of a product, as if it were available.

    Args:
        model: One that can explain.
        subject: The user and the product.
        diversity: 0 to 1; None is the configured one.
        what_if: What does not count.
    """
    columns = _called(model, subject, model.num_products, diversity, what_if)
    prefix = tracing.PREFIX
    return Trace(
        {name.removeprefix(prefix): value[0] for name, value in columns.items() if name.startswith(prefix)}
    )


def ranked_if(
    model: PushedModel, subject: TraceSubject, count: int, diversity: float | None, what_if: WhatIf
) -> Ranked:
    """The list that the model would give, were the product available; arguments as of `trace`."""

    def call(inputs: Mapping[str, Any]) -> Columns:
        found = _called(model, subject, int(inputs[names.TOP_K]), diversity, what_if)
        return {name: value for name, value in found.items() if not name.startswith(tracing.PREFIX)}

    def hidden_now() -> frozenset[bytes]:
        return (model.hidden_ids or frozenset()) - {subject.product_id.encode()}

    columns = without_hidden(call, {names.TOP_K: count}, hidden_now, model.num_products)
    return Ranked(columns, [not subject.query.product_ids])


def _called(
    model: PushedModel, subject: TraceSubject, top_k: int, diversity: float | None, what_if: WhatIf
) -> Columns:
    ignored = [number in what_if.without_rules for number in range(len(model.rules))]
    return model.signatures_for("an explanation is asked")[names.EXPLAIN](
        {
            **encode_queries(model.features, [subject.query], model.history_length),
            names.PRODUCT_ID: [subject.product_id.encode()],
            names.TOP_K: top_k,
            names.EXCLUDE_PURCHASED: subject.exclude_purchased,
            names.DIVERSITY: model.diversity if diversity is None else diversity,
            tracing.WITHOUT_RULES: np.array(ignored, np.bool_),
            tracing.WITHOUT_EXCLUSION: what_if.without_exclusion,
        }
    )
