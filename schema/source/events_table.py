"""The events in the columns and types that the pipeline works with."""

from __future__ import annotations

from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from schema import names
from schema.source import values
from schema.source.relations import Relation
from schema.source.stamp_forms import to_utc
from schema.source.stamps import epoch_seconds

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


def normalise_events(raw: pa.Table, relation: Relation, first_row: int = 1) -> pa.Table:
    """Brings raw events to `EVENT_COLUMNS` and the context columns.

    Args:
        raw: Events by the contract's names.
        relation: Where they come from, for messages.
        first_row: Row number of the first event, for messages.

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
            stamps = to_utc(array, relation.stamps)
            arrays[name] = epoch_seconds(stamps, relation.name, relation.known_as(name), first_row)
        else:
            arrays[name] = values.numbers(array, relation.name, relation.known_as(name), first_row)
    arrays[names.EVENT_TYPE] = pc.fill_null(arrays[names.EVENT_TYPE], names.DEFAULT_EVENT_TYPE)
    context = [name for name in raw.column_names if name not in EVENT_COLUMNS]
    arrays.update({name: values.plain(values.flat(raw[name])) for name in context})
    return pa.table(arrays)
