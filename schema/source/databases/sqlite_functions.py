"""What SQLite lacks and mappings need: `sha256(text)`, by which guests are told apart by their mail."""

from __future__ import annotations

import hashlib
from typing import Any, Final

_NAME: Final = "sha256"


def connected(uri: str) -> Any:
    """Returns a connection to a file that knows the function, of Python's own driver."""
    import sqlite3

    connection = sqlite3.connect(uri, uri=True, check_same_thread=False)
    connection.create_function(_NAME, 1, _sha256, deterministic=True)
    return connection


def needs_functions(sql: str) -> bool:
    """Whether a statement uses it: then Python's own driver must run it."""
    return f"{_NAME}(" in sql.lower()


def _sha256(value: Any) -> str | None:
    """Hexadecimal digits of the hash of a value's text, as DuckDB and MySQL give them; NULL of NULL."""
    if value is None:
        return None
    return hashlib.sha256(value if isinstance(value, bytes) else str(value).encode()).hexdigest()
