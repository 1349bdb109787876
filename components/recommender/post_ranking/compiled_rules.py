"""Rules as masks over the catalogue, which the graph can look up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from components.evaluation.examples import first_values, row_members, texts
from components.interactions.events import encode
from schema import names
from schema.features import FeatureColumn, FeatureSet, Kind
from schema.rules import Rule, matches
from schema.values.members import whole_paths

NO_GROUP = -1


@dataclass(frozen=True)
class CompiledRule:
    """One rule and the products that it names.

    Attributes:
        name: How answers call it.
        rule: As configured.
        products: Whether it names each product, bool `[products]`; all of them for `at_most`.
        groups: Of `at_most`: codes of the counted values, -1 pads and where one is missing, int64
            `[products, values]`; a product has several values of a set alone, and its whole paths of a path.
    """

    name: str
    rule: Rule
    products: np.ndarray
    groups: np.ndarray


def compile_rules(
    rules: Sequence[Rule], columns: Mapping[str, np.ndarray], features: FeatureSet
) -> tuple[CompiledRule, ...]:
    """Looks the rules up in the catalogue.

    Args:
        rules: As configured; `pipeline.planning.rule_check` has held their columns to the features.
        columns: `catalogue_columns`; gives the order of the masks.
        features: Feature columns.
    """
    of_name = {column.name: column for column in features.products}
    num_products = len(columns[names.PRODUCT_ID])
    everything = np.ones(num_products, np.bool_)
    nothing = np.full((num_products, 1), NO_GROUP, np.int64)
    return tuple(
        CompiledRule(
            rule.name or f"rule {number}",
            rule,
            np.logical_and.reduce([everything, *(matches(columns[c], w) for c, w in rule.where.items())]),
            member_codes(counted_values(columns[rule.of], of_name.get(rule.of))) if rule.of else nothing,
        )
        for number, rule in enumerate(rules, 1)
    )


def catalogue_columns(
    catalog: pa.Table, features: FeatureSet, product_ids: Sequence[str]
) -> Mapping[str, np.ndarray]:
    """Column -> values in the order of `product_ids`: texts or numbers, of sets and paths tuples of texts.

    Missing ones are None, or NaN among numbers.
    """
    row = encode(list(product_ids), texts(first_values(catalog, names.PRODUCT_ID)).combine_chunks())
    found: dict[str, np.ndarray] = {names.PRODUCT_ID: np.array(product_ids, object)}
    for raw, column in features.product_columns().items():
        if column.kind is Kind.EMBEDDING:
            continue
        if column.has_members:
            found[column.name] = _tuples([*row_members(catalog, raw), ()])[row]
            continue
        values = first_values(catalog, raw)
        padded = np.full(len(catalog) + 1, np.nan if column.kind is Kind.NUMBER else None)
        if not pa.types.is_null(values.type):
            padded[:-1] = _numbers(values) if column.kind is Kind.NUMBER else texts(values).to_pylist()
        found[column.name] = padded[row]  # row -1 is the product without a row
    return found


def _numbers(values: pa.ChunkedArray) -> np.ndarray:
    return np.asarray(pc.fill_null(values.cast(pa.float64()), np.nan).to_numpy())


def _tuples(rows: Sequence[tuple[str, ...]]) -> np.ndarray:
    values = np.empty(len(rows), object)
    for row, members in enumerate(rows):
        values[row] = members or None
    return values


def counted_values(values: np.ndarray, column: FeatureColumn | None) -> np.ndarray:
    """What an `at_most` counts of a column: all members of a set, of a path the whole path alone."""
    if column is None or column.kind is not Kind.HIERARCHY:
        return values
    return _tuples([tuple(whole_paths(found or (), column.levels)) for found in values])


def member_codes(values: np.ndarray) -> np.ndarray:
    """Codes of all members of each value, -1 pads, int64 `[products, the most of one, at least 1]`.

    A value that is no tuple is its one member; equal ones have equal codes.
    """
    if values.dtype != object or not any(isinstance(value, tuple) for value in values):
        return codes(values)[:, np.newaxis]
    found = [value or () for value in values]
    _, code = np.unique([member for members in found for member in members], return_inverse=True)
    lengths = np.array([len(members) for members in found])
    padded = np.full((len(found), max(1, int(lengths.max(initial=0)))), NO_GROUP, np.int64)
    padded[np.arange(padded.shape[1]) < lengths[:, np.newaxis]] = code
    return padded


def codes(values: np.ndarray) -> np.ndarray:
    """Equal values get equal codes, missing ones -1, int64 `[products]`."""
    _, code = np.unique(values.astype(str), return_inverse=True)
    return np.where(_missing(values), NO_GROUP, code).astype(np.int64)


def _missing(values: np.ndarray) -> np.ndarray:
    if values.dtype != object:
        return np.asarray(np.isnan(values))
    return np.array([value is None for value in values], np.bool_)
