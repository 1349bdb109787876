"""The three tables of the contract and what their columns mean."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from schema import names

USERS: Final = "users"
PRODUCTS: Final = "products"
EVENTS: Final = "events"
TABLES: Final = (USERS, PRODUCTS, EVENTS)

REQUIRED: Final = {
    USERS: (names.USER_ID,),
    PRODUCTS: (names.PRODUCT_ID,),
    EVENTS: (names.USER_ID, names.PRODUCT_ID, names.OCCURRED_AT),
}
"""Columns without which a table cannot be used."""

OPTIONAL: Final = {
    USERS: (),
    PRODUCTS: (names.AVAILABLE, names.CREATED_AT),
    EVENTS: (names.EVENT_TYPE, names.BASKET_ID, names.QUANTITY, names.PRICE, names.RATING),
}
"""Columns that mean something if they are there; all others are features or context."""

KEYS: Final = {USERS: names.USER_ID, PRODUCTS: names.PRODUCT_ID, EVENTS: names.USER_ID}
"""The column by which rows of a table are looked up."""

IDS: Final = (names.USER_ID, names.PRODUCT_ID, names.BASKET_ID, names.EVENT_TYPE)
"""Columns whose values become text."""

NUMBERS: Final = (names.QUANTITY, names.PRICE, names.RATING)
"""Columns of `events` that are quantities."""

Class = Literal[
    "integer", "real", "text", "mixed", "bool", "stamp", "local", "array", "uuid", "blob", "other"
]
"""Storage class of a database column, as far as reading it cares; `local` is a stamp without a zone, and
`mixed` numbers beside texts, as SQLite allows."""

Typing = Literal["typed", "untyped", "mixed"]
"""What is known of the values of a column: `typed` by the database or file, `untyped` where the format knows
text only, `mixed` where each value has a type of its own."""

Bound = int | float | str | None


@dataclass(frozen=True)
class UserRange:
    """Users from `low` (inclusive) to `high` (exclusive), in the database's own order.

    Picklable, so that a Beam worker can read its own share.

    Attributes:
        low: First user id, or None for no lower bound.
        high: The user id behind the last one, or None for no upper bound.
        as_text: Whether the ids are compared as text, because their column mixes types.
        classes: Storage classes of the columns of `events`, so that workers need not find them again.
        num_events: Number of events in the range, for balancing.
        canonical: Whether `low` and `high` are ids in their canonical form, in the order of their bytes.
    """

    low: Bound
    high: Bound
    as_text: bool = False
    classes: tuple[tuple[str, Class], ...] = ()
    num_events: int = 0
    canonical: bool = False


def feature_columns(table: str, columns: list[str]) -> list[str]:
    """Returns those of `columns` that the contract says nothing about."""
    return [name for name in columns if name not in REQUIRED[table] and name not in OPTIONAL[table]]
