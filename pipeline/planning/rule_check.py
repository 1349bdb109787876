"""Holds the rules of the configuration to the columns of the database."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Sequence

from schema import names
from schema.errors import ConfigurationError
from schema.features import FeatureColumn, FeatureSet, Kind
from schema.rules import Range, Rule, SimpleCondition


def check_rules(rules: Sequence[Rule], features: FeatureSet) -> None:
    """Refuses rules over columns that there are not, or that hold something else.

    Raises:
        ConfigurationError: With the key of the first of them.
    """
    for number, rule in enumerate(rules):
        key = f"post_ranking.rules.{number}"
        for part, table, conditions in (("where", "products", rule.where), ("users", "users", rule.users)):
            columns = _columns(features.products if table == "products" else features.users, table)
            for column, wanted in conditions.items():
                _check(f"{key}.{part}.{column}", table, column, columns, wanted)
        if rule.of:
            _check(f"{key}.of", "products", rule.of, _columns(features.products, "products"), ())


def _columns(columns: Iterable[FeatureColumn], table: str) -> dict[str, Kind]:
    usable = {
        column.name: column.kind for column in columns if column.kind not in (Kind.IGNORE, Kind.EMBEDDING)
    }
    return {names.PRODUCT_ID if table == "products" else names.USER_ID: Kind.CATEGORY, **usable}


def _check(key: str, table: str, column: str, columns: dict[str, Kind], wanted: SimpleCondition) -> None:
    if column not in columns:
        near = difflib.get_close_matches(column, columns, n=1, cutoff=0.0)[0]
        raise ConfigurationError(
            key, f"`{table}` has no feature column `{column}` for a rule. Did you mean `{near}`?"
        )
    is_number = columns[column] is Kind.NUMBER
    for value in _values(wanted):
        if isinstance(value, Range) and not is_number:
            raise ConfigurationError(key, f"`{table}.{column}` holds no numbers, so a range fits none of it.")
        if is_number and isinstance(value, str):
            raise ConfigurationError(key, f"`{table}.{column}` holds numbers. Received: {value!r}.")


def _values(wanted: SimpleCondition) -> Iterator[SimpleCondition]:
    yield from wanted if isinstance(wanted, tuple) else (wanted,)
