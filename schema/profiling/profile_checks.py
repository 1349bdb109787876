"""The mistakes of a database that are found before anything is written."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from schema.errors import UserError
from schema.source.contract import KEYS, PRODUCTS, USERS, feature_columns
from schema.source.product_source import ProductSource
from schema.source.relations import nearest
from schema.source_settings import FeatureSettings


def check_overrides(source: ProductSource, settings: FeatureSettings) -> None:
    """Raises UserError if a configured feature column does not exist."""
    for table, chosen in ((USERS, settings.users), (PRODUCTS, settings.products)):
        known = feature_columns(table, source.columns(table))
        for name in chosen:
            if name not in known:
                hint = f" Did you mean `{nearest(name, known)}`?" if known else ""
                raise UserError(
                    f"Configuration key `features.{table}.{name}`: table `{source.name_of(table)}` has no "
                    f"such feature column. Received: columns {', '.join(known) or 'none'}.{hint}"
                )


def check_ids(source: ProductSource, table: str, rows: pa.Table) -> None:
    """Raises UserError if `products` has no rows or an id is missing or empty."""
    if rows.num_rows == 0 and table == PRODUCTS:
        raise UserError(f"Table `{source.name_of(table)}` is empty. Remedy: load the products before a run.")
    missing = missing_values(rows[KEYS[table]])
    count = pc.sum(missing).as_py() or 0
    if count:
        raise missing_error(source, table, KEYS[table], count, 1 + pc.index(missing, True).as_py())


def check_unique(source: ProductSource, table: str, rows: pa.Table) -> None:
    """Raises UserError if two rows have the same id."""
    column = KEYS[table]
    counts = rows[column].value_counts()
    repeated = counts.filter(pc.greater(counts.field("counts"), 1))
    if len(repeated):
        first = repeated[0].as_py()
        raise UserError(
            f'{location(source, table, column)}: ids must be unique (42 and "42" are the same). '
            f"Received: {len(repeated)} ids with several rows; the first is {first['values']!r} with "
            f"{first['counts']}. Remedy: keep one row for each id."
        )


def missing_values(values: pa.ChunkedArray) -> pa.ChunkedArray:
    """Says for each value whether it is missing or empty."""
    if pa.types.is_string(values.type):
        return pc.fill_null(pc.equal(values, ""), True)
    return pc.is_null(values)


def missing_error(source: ProductSource, table: str, column: str, count: int, first: int) -> UserError:
    """Returns the error for values without which a row cannot be used."""
    return UserError(
        f"{location(source, table, column)}: a value is missing (NULL or empty). Received: {count} rows "
        f"without one; the first is row {first}. Remedy: fill the column in, or leave these rows out with "
        f"`source.tables.{table}.query`."
    )


def location(source: ProductSource, table: str, column: str) -> str:
    """Returns what messages call a column."""
    return f"Table `{source.name_of(table)}`, column `{source.name_of(table, column)}`"
