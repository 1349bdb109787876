"""Rows of `events`, `users` and `products` in the columns and types that the pipeline works with."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from schema import names
from schema.features import Kind, ValueType
from schema.findings import Findings
from schema.reading import UNKNOWN_TYPE
from schema.source import contract
from schema.source.cells import values
from schema.source.cells.forms import note_forms
from schema.source.cells.number_columns import number_findings, typed_column
from schema.source.cells.values import as_type
from schema.source.contract import PRODUCTS, Typing
from schema.source.relations import Relation
from schema.source.stamps.stamp_forms import to_utc
from schema.source.stamps.stamps import epoch_seconds, readable_seconds, without_blanks
from schema.values.numbers import DecimalMark

_LARGEST_STAMP: Final = 2**53

EVENT_COLUMNS: Final = {
    names.USER_ID: pa.string(),
    names.PRODUCT_ID: pa.string(),
    names.OCCURRED_AT: pa.int64(),
    names.EVENT_TYPE: pa.string(),
    names.QUANTITY: pa.float32(),
    names.PRICE: pa.float32(),
    names.RATING: pa.float32(),
    names.BASKET_ID: pa.string(),
}
"""Columns of the normalised events; context columns follow them."""


@dataclass(frozen=True)
class Way:
    """How the columns of a table are read.

    Attributes:
        typing: Says what is known of the values of a column.
        decimal: What stands before the fraction of a number written as text.
        types: Column -> its frozen type; what does not fit is missing. None if types follow from the values.
        kinds: Column -> kind that the user chose.
        is_live: Whether stamps that cannot be read are missing instead of an error.
        findings: Where what is noticed about the forms of values is put, if somebody wants to know.
        on_unfit: Called with `table.column` and the number of its values that do not fit its frozen type.
    """

    typing: Callable[[Relation, str], Typing]
    decimal: DecimalMark = "auto"
    types: Mapping[str, ValueType] | None = None
    kinds: Mapping[str, Kind] = field(default_factory=dict)
    is_live: bool = False
    findings: Findings | None = None
    on_unfit: Callable[[str, int], object] = lambda *_: None


def table_rows(raw: pa.Table, relation: Relation, way: Way, first_row: int = 1) -> pa.Table:
    """Returns contract columns in their types; features as int64, float64, string or list of float32.

    Args:
        raw: Rows as they were read, by the contract's names.
        relation: Where they come from.
        way: How they are read.
        first_row: Row number of the first of them, for messages.

    Raises:
        UserError: A flag or stamp cannot be understood.
    """
    if way.findings is not None:
        note_forms(way.findings, raw, relation, first_row)
    return pa.table(
        {name: _column(name, values.flat(raw[name]), relation, way, first_row) for name in raw.column_names}
    )


def _column(column: str, array: pa.Array, relation: Relation, way: Way, first_row: int) -> pa.Array:
    if column == contract.KEYS[relation.table]:
        return values.texts(array)
    if relation.table == PRODUCTS and column == names.AVAILABLE:
        return values.flags(array, relation.name, relation.known_as(column), first_row)
    if relation.table == PRODUCTS and column == names.CREATED_AT:
        return _created_at(array, relation, way, first_row)
    if way.types is None or column not in way.types:
        return values.native(_typed(column, values.plain(array), relation, way))
    typed = as_type(array, way.types[column], way.decimal)
    lost = typed.null_count - array.null_count
    if lost > 0:
        way.on_unfit(f"{relation.table}.{column}", lost)
    return typed


def _typed(column: str, array: pa.Array, relation: Relation, way: Way) -> pa.Array:
    if not pa.types.is_string(array.type):
        return array
    kind, typing = way.kinds.get(column), way.typing(relation, column)
    found = typed_column(column, array, way.decimal, kind)
    if way.findings is not None:
        way.findings.extend(number_findings(found, relation, column, typing, kind))
    return array if typing == "typed" and kind is not Kind.NUMBER else found.values


def _created_at(array: pa.Array, relation: Relation, way: Way, first_row: int) -> pa.Array:
    array = to_utc(without_blanks(array), relation.stamps)
    if way.is_live:
        return readable_seconds(array, _LARGEST_STAMP)
    return epoch_seconds(array, relation.name, relation.known_as(names.CREATED_AT), first_row)


def normalise_events(
    raw: pa.Table,
    relation: Relation,
    first_row: int = 1,
    empty_event_type: str = UNKNOWN_TYPE,
    newest: int | None = None,
    decimal: DecimalMark = "auto",
) -> pa.Table:
    """Brings raw events to `EVENT_COLUMNS` and the context columns.

    Args:
        raw: Events by the contract's names.
        relation: Where they come from, for messages.
        first_row: Row number of the first event, for messages.
        empty_event_type: Type of events whose type is empty; without such a column all are purchases.
        newest: Where events are read live, the largest stamp that is believed: events of others, and what
            cannot be read of an event, are missing instead of an error.
        decimal: What stands before the fraction of a number written as text.

    Raises:
        UserError: A stamp is no point in time or a quantity is no number.
    """
    arrays = {}
    for name, kind in EVENT_COLUMNS.items():
        if name not in raw.column_names:
            arrays[name] = pa.nulls(raw.num_rows, kind)
            continue
        array = values.flat(raw[name])
        if pa.types.is_string(kind):
            arrays[name] = values.texts(array)
        elif name == names.OCCURRED_AT:
            arrays[name] = _stamps(to_utc(array, relation.stamps), relation, first_row, newest)
        elif newest is not None:
            arrays[name] = values.readable_numbers(array, decimal)
        else:
            arrays[name] = values.numbers(array, relation.name, relation.known_as(name), first_row, decimal)
    has_types = names.EVENT_TYPE in raw.column_names
    types = arrays[names.EVENT_TYPE]
    filled = pc.if_else(pc.equal(types, ""), pa.scalar(None, pa.string()), types)
    empty = empty_event_type if has_types else names.DEFAULT_EVENT_TYPE
    arrays[names.EVENT_TYPE] = pc.fill_null(filled, empty)
    context = [name for name in raw.column_names if name not in EVENT_COLUMNS]
    arrays.update({name: values.plain(values.flat(raw[name])) for name in context})
    return pa.table(arrays)


def _stamps(array: pa.Array, relation: Relation, first_row: int, newest: int | None) -> pa.Array:
    if newest is not None:
        return readable_seconds(array, newest)
    return epoch_seconds(array, relation.name, relation.known_as(names.OCCURRED_AT), first_row)
