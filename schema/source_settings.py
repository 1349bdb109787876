"""Settings of the product database, the feature columns and the events."""

from __future__ import annotations

import codecs
from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal, Self

from pydantic import Field, ValidationInfo, field_validator, model_validator

from schema.features import Kind
from schema.reading import GuestTreatment, Reading
from schema.settings import Settings
from schema.values.numbers import DecimalMark

PASSWORD_VARIABLE: Final = "TOWERLINE_SOURCE_PASSWORD"
"""Environment variable with the password that is masked in the URL of the source."""

_DATABASES: Final = ("sqlite", "postgresql", "mysql", "files")


class TableMapping(Settings):
    """How one table of the contract is found in the user's database."""

    table: str | None = None
    """Name of the table, if not that of the contract."""
    query: str | dict[Literal["sqlite", "postgresql", "mysql", "files"], str] | None = None
    """A `SELECT` instead of a table, or one for each kind of database."""
    columns: dict[str, str] = {}
    """Contract column -> column of the table or query."""
    only: tuple[str, ...] = ()
    """Columns to read beside those that the contract requires; all by default."""
    exclude: tuple[str, ...] = ()
    """Columns never to read."""
    timezone: str | None = None
    """Time zone of stamps of this table that name none, if not `source.timezone`."""
    format: str | None = None
    """How stamps are written that are neither ISO text nor epoch seconds: `rfc2822`, or directives such as
    `%d.%m.%Y %H:%M`."""

    guests: GuestTreatment = "by mail hash"
    """Of `events`: what is done with ids that begin with `guest-`, which stand for a mail address: users like
    others, `drop`ped, or `count for popularity only` (in no history, as sales of their products alone)."""

    @field_validator("query", mode="before")
    @classmethod
    def _one_or_several(cls, value: Any) -> Any:
        """Says in one line what a query may be, where pydantic would name the parts of the union."""
        if value is None or isinstance(value, str):
            return value
        if (
            isinstance(value, Mapping)
            and set(value) <= set(_DATABASES)
            and all(isinstance(query, str) for query in value.values())
        ):
            return value
        raise ValueError(f"a query is one SELECT, or one for each of {', '.join(_DATABASES)}")


class CsvSettings(Settings):
    """How CSV files are written."""

    delimiter: str = "auto"
    """What separates columns: one character or `tab`; `auto` finds it in the header of each file."""
    decimal: DecimalMark = "auto"
    """What stands before the fraction of a number written as text; `auto` tells it from each number, and
    refuses one that could be both, such as `1,234`."""
    encoding: str = "utf-8"
    """Of the text of the files, such as `windows-1252` or `utf-16`."""

    @field_validator("encoding")
    @classmethod
    def _known_encoding(cls, value: str) -> str:
        """Gives every encoding one name."""
        try:
            "".encode(value)
            return codecs.lookup(value).name
        except LookupError:
            raise ValueError(
                "no such encoding; use utf-8, windows-1252, iso-8859-1, utf-16 or another"
            ) from None


class SourceSettings(Settings):
    """Where the product database is."""

    url: str | None = None
    """SQLAlchemy URL, or path of a folder of Parquet/CSV files."""
    tables: dict[str, TableMapping] = {}
    """How `users`, `products` and `events` are found, each by `table` or `query` (one `SELECT`, or one for
    each of `sqlite`, `postgresql`, `mysql`, `files`), `columns` (contract column -> column), `only` or
    `exclude` (columns to read, or never to read), `timezone`, `format` (of stamps that are not ISO:
    `rfc2822`, or directives such as `%d.%m.%Y %H:%M`), and of `events` `guests`: what is done with ids that
    begin with `guest-`: `by mail hash` (users like others), `drop`, `count for popularity only`."""
    timezone: str | None = None
    """Time zone of stamps that name none, such as Europe/Paris; default: UTC."""
    variables: dict[str, str | int] = {}
    """Values for `${name}` in queries and names of tables, such as a prefix or a language."""
    partitions: Annotated[int, Field(ge=0)] = 0
    """Ranges of users that Beam workers read one by one; 0 chooses by the number of events."""
    csv: CsvSettings = CsvSettings()
    """How CSV files are written."""
    guests: Literal["auto"] | tuple[str, ...] = "auto"
    """User ids that stand for nobody, whose events are left out. `auto`: `NULL`, empty, `-1`, `guest` and
    the like, the nil UUID, `0` where it is no user, and an id with an outlying share of all events."""
    reading: Annotated[Reading | None, Field(repr=False)] = None
    """What a run decided about the rows; written by Towerline and not configured."""
    forgotten: Annotated[tuple[str, ...], Field(repr=False)] = ()
    """Keyed hashes of users who are left out (`schema.source.forgotten`); written by Towerline likewise."""


class ColumnSettings(Settings):
    """How a column is used, where its kind alone does not say it."""

    kind: Kind
    """Its kind."""
    separator: str | None = None
    """What stands between values of a `set`, between paths of a `hierarchy`; "" if there is one."""
    levels: str | None = None
    """Of a `hierarchy`: what stands between levels."""

    @model_validator(mode="after")
    def _keys_of_its_kind(self) -> Self:
        if self.separator is not None and self.kind not in (Kind.SET, Kind.HIERARCHY):
            raise ValueError(
                f"`separator` has no meaning for `{self.kind.value}`, only for set and hierarchy"
            )
        if self.levels is not None and self.kind is not Kind.HIERARCHY:
            raise ValueError(f"`levels` has no meaning for `{self.kind.value}`, only for hierarchy")
        if self.levels is not None and not self.levels.strip():
            raise ValueError("`levels` must not be blank")
        return self


class FeatureSettings(Settings):
    """Overrides of the inferred kinds of columns: column name -> kind.

    Or an object with `kind` and, of a set or a hierarchy, `separator` and `levels`.
    """

    users: dict[str, Kind | ColumnSettings] = {}
    """Kinds of columns of `users`; of a set or hierarchy also `{kind: set, separator: ";"}` and
    `{kind: hierarchy, levels: " > "}`."""
    products: dict[str, Kind | ColumnSettings] = {}
    """Kinds of columns of `products`, likewise."""

    @field_validator("users", "products", mode="before")
    @classmethod
    def _kind_or_object(cls, value: Any, info: ValidationInfo) -> Any:
        """Says in one line what is wrong, where pydantic would name the parts of the union."""
        if isinstance(value, Mapping):
            for name, chosen in value.items():
                key = f"features.{info.field_name}.{name}"
                if isinstance(chosen, Mapping):
                    ColumnSettings.parse(chosen, key)
                elif not isinstance(chosen, ColumnSettings) and chosen not in set(Kind):
                    raise ValueError(f"`{key}` is one of {', '.join(Kind)}, or an object with `kind`")
        return value


def kinds_of(chosen: Mapping[str, Kind | ColumnSettings]) -> dict[str, Kind]:
    """Returns column -> the kind that the user chose."""
    return {
        name: found.kind if isinstance(found, ColumnSettings) else found for name, found in chosen.items()
    }


class EventSettings(Settings):
    """What an event says about the user's interest."""

    weights: dict[str, Annotated[float, Field(ge=0)]] = {}
    """Event type -> weight as a target; 0 keeps the type in the history only. Types not listed, in any
    spelling: 1 for the purchase-like ones (purchase, order, transaction, buy, sale), or where there are none
    for ratings, plays and the like; 0 for others. A set of types with neither must be configured."""
    returns: Literal["net", "ignore", "count"] = "net"
    """Purchases of a negative quantity and types such as `refund`, `return` and `cancelled`. `net` takes
    them off the purchases of the same product before them; `ignore` leaves them out; `count` reads them as
    the events that they are."""
