"""The parts of a Parquet table, whose columns should be of one type in all of them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence

import pyarrow as pa

from schema.errors import UserError
from schema.source.folders.files import Part


def columns_as_text(
    schemas: Callable[[Part], pa.Schema],
    parts: Sequence[Part],
    columns: Collection[str],
    ids: Collection[str],
) -> frozenset[str]:
    """Returns the ids that are of several types, and so are read as text.

    Args:
        schemas: Gives the schema of a file.
        parts: Files of a table.
        columns: Columns that are read.
        ids: Those of them whose values become text anyway.

    Raises:
        UserError: Another column is of types that do not fit together.
    """
    found = set()
    for name in columns:
        typed = [(part, kind) for part in parts if (kind := _type_in(part, name, schemas(part))) is not None]
        for part, kind in typed[1:]:
            if _fit(typed[0][1], kind):
                continue
            if name not in ids:
                raise UserError(
                    f"File {part.path} has column `{name}` as {kind}, and {typed[0][0].path.name} as "
                    f"{typed[0][1]}. Remedy: write the column with one type in all parts."
                )
            found.add(name)
    return frozenset(found)


def _type_in(part: Part, name: str, schema: pa.Schema) -> pa.DataType | None:
    if name in schema.names:
        return schema.field(name).type
    return pa.string() if dict(part.partition).get(name) is not None else None


def _fit(left: pa.DataType, right: pa.DataType) -> bool:
    if left == right:
        return True
    schemas = [pa.schema([pa.field("x", kind)]) for kind in (left, right)]
    try:
        pa.unify_schemas(schemas, promote_options="permissive")
    except (pa.ArrowTypeError, pa.ArrowInvalid):
        return False
    return True
