"""Which columns of the database are features, and of what kind."""

from __future__ import annotations

import hashlib
import re
from enum import StrEnum
from typing import Any, Final, Literal

from pydantic import SerializerFunctionWrapHandler, model_serializer

from schema import names
from schema.settings import Settings

_PLAIN: Final = re.compile(r"[A-Za-z0-9_]{1,80}")
_LONGEST_LETTERS: Final = 40

ValueType = Literal["integer", "real", "text", "vector"]
"""What the values of a column are, decided from all of them and then the same on every way."""


class Kind(StrEnum):
    """How a feature column is read and transformed."""

    CATEGORY = "category"
    """A value of a finite set; encoded as one bytes value."""
    NUMBER = "number"
    """A quantity; encoded as one float."""
    TEXT = "text"
    """Words; encoded as one bytes value."""
    SET = "set"
    """Several values of a finite set, such as tags; encoded as bytes values."""
    HIERARCHY = "hierarchy"
    """A path through a tree of categories; encoded as its beginnings, bytes values."""
    EMBEDDING = "embedding"
    """A fixed-length vector of numbers; encoded as `dim` floats."""
    IGNORE = "ignore"
    """Not a feature."""


class FeatureColumn(Settings):
    """One feature column of `users` or `products`."""

    name: str
    """Name of the column in the (mapped) table."""
    kind: Kind
    """How it is used."""
    dim: int = 1
    """Length of the vector; more than 1 for embeddings only."""
    type: ValueType | None = None
    """What its values are; None in models of before: told by the values of each reading."""
    separator: str = ""
    """What stands between the values of a set, or between paths, in a text; "" if there is one, or a list."""
    levels: str = ""
    """What stands between the levels of a path, with the blanks around it."""

    @property
    def has_members(self) -> bool:
        """Whether a row may have several values."""
        return self.kind in (Kind.SET, Kind.HIERARCHY)

    @property
    def has_levels(self) -> bool:
        """Whether a row has one path, whose levels are categories of their own."""
        return self.kind is Kind.HIERARCHY and not self.separator

    @model_serializer(mode="wrap")
    def _own_keys(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Separators are left out where there are none."""
        return {key: value for key, value in handler(self).items() if value != "" or key == "name"}


class FeatureSet(Settings):
    """All feature columns, frozen when a database is seen for the first time."""

    users: tuple[FeatureColumn, ...] = ()
    products: tuple[FeatureColumn, ...] = ()
    event_types: tuple[str, ...] = (names.DEFAULT_EVENT_TYPE,)
    """Event types seen in the database, most frequent first."""

    def user_columns(self) -> dict[str, FeatureColumn]:
        """Used user columns by the name of their raw feature."""
        return _used(self.users, names.USER_PREFIX)

    def product_columns(self) -> dict[str, FeatureColumn]:
        """Used product columns by the name of their raw feature."""
        return _used(self.products, names.PRODUCT_PREFIX)


def types_of(columns: tuple[FeatureColumn, ...]) -> dict[str, ValueType]:
    """Returns column -> its frozen type, for those that have one."""
    return {column.name: column.type for column in columns if column.type is not None}


def _used(columns: tuple[FeatureColumn, ...], prefix: str) -> dict[str, FeatureColumn]:
    return {raw_name(prefix, column.name): column for column in columns if column.kind is not Kind.IGNORE}


def raw_name(prefix: str, column: str) -> str:
    """Returns the raw feature of a column: its name where graphs, files and signatures can bear it.

    Other names (blanks, dots, slashes, very long ones) are written in plain letters, with a hash that keeps
    them apart.
    """
    if _PLAIN.fullmatch(column):
        return prefix + column
    letters = re.sub(r"[^A-Za-z0-9]+", "_", column)[:_LONGEST_LETTERS].strip("_")
    digest = hashlib.sha256(column.encode("utf-8", "replace")).hexdigest()[:10]
    return f"{prefix}{letters}_{digest}"
