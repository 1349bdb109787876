"""The fields of an event in a history: one record each, from which every stage derives its part.

Raw rows, requests, the schema, parsing specs, dense tensors and rows of candidates have the fields that stand
here; a stage that lacks one raises an error.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from schema import names


@dataclass(frozen=True)
class HistoryField:
    """One field of each event of a history.

    Attributes:
        column: Column of the events.
        raw: Name in raw rows and in requests.
        transformed: Name behind the transform graph, int64.
        dense: Name of the dense tensor that models read.
        of_query: Attribute of `schema.served.request.Query` that has the raw values.
        is_text: Whether raw values are text; whole numbers otherwise.
        is_real: Whether dense values are float32; int64 otherwise.
        padding: Dense value where there is no event.
    """

    column: str
    raw: str
    transformed: str
    dense: str
    of_query: str
    is_text: bool
    is_real: bool
    padding: int


HISTORY: Final = (
    HistoryField(
        column=names.PRODUCT_ID,
        raw=names.HISTORY_PRODUCT_ID,
        transformed=names.HISTORY_INDEX,
        dense=names.HISTORY_INDEX,
        of_query="product_ids",
        is_text=True,
        is_real=False,
        padding=-1,
    ),
    HistoryField(
        column=names.OCCURRED_AT,
        raw=names.HISTORY_TIME,
        transformed=names.HISTORY_TIME,
        dense=names.HISTORY_AGE,
        of_query="times",
        is_text=False,
        is_real=True,
        padding=0,
    ),
    HistoryField(
        column=names.EVENT_TYPE,
        raw=names.HISTORY_EVENT_TYPE,
        transformed=names.HISTORY_TYPE,
        dense=names.HISTORY_TYPE,
        of_query="event_types",
        is_text=True,
        is_real=False,
        padding=-1,
    ),
)
RAW: Final = tuple(field.raw for field in HISTORY)
TRANSFORMED: Final = tuple(field.transformed for field in HISTORY)
DENSE: Final = tuple(field.dense for field in HISTORY)
