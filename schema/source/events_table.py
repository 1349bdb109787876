"""The events in the columns and types that the pipeline works with."""

from __future__ import annotations

from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from schema import names
from schema.reading import UNKNOWN_TYPE
from schema.source.cells import values
from schema.source.relations import Relation
from schema.source.stamps.stamp_forms import to_utc
from schema.source.stamps.stamps import epoch_seconds, readable_seconds
from schema.values.numbers import DecimalMark

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
