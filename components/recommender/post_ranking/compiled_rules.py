"""Rules as masks over the catalogue, which the graph can look up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from components.evaluation.examples import first_values, texts
from components.interactions.events import encode
from schema import names
from schema.features import FeatureSet, Kind
from schema.rules import Rule, matches

NO_GROUP = -1


@dataclass(frozen=True)
class CompiledRule:
    """One rule and the products that it names.

    Attributes:
        name: How answers call it.
        rule: As configured.
        products: Whether it names each product, bool `[products]`; all of them for `at_most`.
        groups: Of `at_most`: code of the counted value, -1 where it is missing, int64 `[products]`.
    """

    name: str
    rule: Rule
    products: np.ndarray
    groups: np.ndarray


def compile_rules(rules: Sequence[Rule], columns: Mapping[str, np.ndarray]) -> tuple[CompiledRule, ...]:
    """Looks the rules up in the catalogue.

    Args:
        rules: As configured; `pipeline.planning.rule_check` has held their columns to the features.
        columns: `catalogue_columns`; gives the order of the masks.
    """
    num_products = len(columns[names.PRODUCT_ID])
    everything = np.ones(num_products, np.bool_)
    nothing = np.full(num_products, NO_GROUP, np.int64)
    return tuple(
        CompiledRule(
            rule.name or f"rule {number}",
            rule,
            np.logical_and.reduce([everything, *(matches(columns[c], w) for c, w in rule.where.items())]),
            codes(columns[rule.of]) if rule.of else nothing,
        )
        for number, rule in enumerate(rules, 1)
    )


def catalogue_columns(
    catalog: pa.Table, features: FeatureSet, product_ids: Sequence[str]
) -> Mapping[str, np.ndarray]:
    """Column -> values in the order of `product_ids`: texts (objects, None if missing) or numbers (NaN)."""
    row = encode(list(product_ids), texts(first_values(catalog, names.PRODUCT_ID)).combine_chunks())
    found: dict[str, np.ndarray] = {names.PRODUCT_ID: np.array(product_ids, object)}
    for raw, column in features.product_columns().items():
        if column.kind is Kind.EMBEDDING:
            continue
        values = first_values(catalog, raw)
        padded = np.full(len(catalog) + 1, np.nan if column.kind is Kind.NUMBER else None)
        if not pa.types.is_null(values.type):
            padded[:-1] = _numbers(values) if column.kind is Kind.NUMBER else texts(values).to_pylist()
        found[column.name] = padded[row]  # row -1 is the product without a row
    return found


def _numbers(values: pa.ChunkedArray) -> np.ndarray:
    return np.asarray(pc.fill_null(values.cast(pa.float64()), np.nan).to_numpy())


def codes(values: np.ndarray) -> np.ndarray:
    """Equal values get equal codes, missing ones -1, int64 `[products]`."""
    _, code = np.unique(values.astype(str), return_inverse=True)
    return np.where(_missing(values), NO_GROUP, code).astype(np.int64)


def _missing(values: np.ndarray) -> np.ndarray:
    if values.dtype != object:
        return np.asarray(np.isnan(values))
    return np.array([value is None for value in values], np.bool_)
