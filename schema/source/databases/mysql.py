"""MySQL and MariaDB, through PyMySQL."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any, Final

import pyarrow as pa

from schema import names
from schema.source.contract import Class
from schema.source.databases import rows
from schema.source.databases.dialect import STAMPS, Dialect, Selected, is_id
from schema.source.relations import Relation

_HEX: Final = re.compile(r"(?:[0-9a-f]{2})+")
_CLASSES: Final[dict[Class, tuple[int, ...]]] = {
    "integer": (1, 2, 3, 8, 9, 13, 16),
    "real": (0, 4, 5, 246),
    "stamp": (7,),
    "local": (10, 12),
}
_BY_CODE: Final[dict[int, Class]] = {code: kind for kind, codes in _CLASSES.items() for code in codes}


class MysqlDialect(Dialect):
    """Reads MySQL or MariaDB.

    Args:
        url: Parsed SQLAlchemy URL.
        label: What messages call the database.
    """

    name = "mysql"

    def __init__(self, url: Any, label: str) -> None:
        from sqlalchemy import create_engine, event
        from sqlalchemy.pool import NullPool

        url = url.set(drivername="mysql+pymysql").update_query_dict({"charset": "utf8mb4"})
        super().__init__(create_engine(url, poolclass=NullPool), label)
        event.listen(self.engine, "connect", _prepare)
        self._order = lru_cache(maxsize=None)(self._find_order)

    def quote(self, name: str) -> str:
        """Quotes with backticks."""
        return "`" + name.replace("`", "``") + "`"

    def classes(self, relation: Relation, where: str) -> dict[str, Class]:
        """Reads the declared types."""
        found = rows.describe(self.engine, f"SELECT * FROM {self.source(relation)} LIMIT 0")
        return {name: _BY_CODE.get(code, "text") for name, code in found}

    def candidates(self, relation: Relation, keys: Sequence[str], kind: Class) -> list[str]:
        """Binary keys are known by their hexadecimal digits."""
        found = super().candidates(relation, keys, kind)
        if kind == "text":
            found += [f"X'{key}'" for key in keys if _HEX.fullmatch(key)]
        return found

    def trimmed(self, name: str) -> str:
        """Blanks and ends of lines."""
        return f"TRIM(TRIM(BOTH '\r' FROM TRIM({name})))"

    def select(self, column: str, source: str, kind: Class) -> Selected:
        """Leaves conversions to the reader of rows, apart from stamps."""
        name = self.quote(source)
        if kind == "local":
            written = f"DATE_FORMAT({name}, '%Y-%m-%dT%H:%i:%s')"
            return Selected(column, f"CASE WHEN YEAR({name}) > 0 THEN {written} END", pa.string())
        if kind == "stamp" and column in STAMPS:
            return Selected(column, f"TIMESTAMPDIFF(SECOND, '1970-01-01 00:00:00', {name})", pa.int64())
        if is_id(column) or kind in ("text", "stamp"):
            return Selected(column, name, pa.string())
        return Selected(column, name, pa.int64() if kind == "integer" else pa.float64())

    def mark(self, relation: Relation) -> str | None:
        """Always a sum over the rows: this driver makes Python objects of each.

        `QUOTE` tells no value, which is for sale, from 0, which is not.
        """
        followed = (names.PRODUCT_ID, names.AVAILABLE, names.UPDATED_AT)
        sources = [self.quote(source) for name, source in relation.columns if name in followed]
        row = f"CRC32(CONCAT_WS('|', {', '.join(f'QUOTE({source})' for source in sources)}))"
        return f"SELECT COUNT(*), COALESCE(SUM({row}), 0) FROM {self.source(relation)}"

    def order(self, relation: Relation) -> str | None:
        """The primary key, where there is one; otherwise rows come as the server gives them."""
        return self._order(relation)

    def batches(self, sql: str, schema: pa.Schema) -> Iterator[pa.RecordBatch]:
        """Runs a statement."""
        return rows.row_batches(self.engine, sql, schema)

    def _find_order(self, relation: Relation) -> str | None:
        if relation.query is not None:
            return None
        from sqlalchemy import inspect

        *schema, name = relation.name.split(".")
        inspector = inspect(self.engine)
        columns = inspector.get_pk_constraint(name, schema[0] if schema else None)["constrained_columns"]
        return ", ".join(self.quote(column) for column in columns) or None


def _prepare(connection: Any, _: object) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET SESSION time_zone = '+00:00', SESSION sql_mode = 'NO_BACKSLASH_ESCAPES'")
        cursor.execute("SET SESSION TRANSACTION READ ONLY")
