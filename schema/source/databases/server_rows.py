"""Few rows of a database server, many times: one open connection, and the types of columns asked once."""

from __future__ import annotations

from typing import Any

from schema.source.contract import Class
from schema.source.relations import Relation


class ServerRows:
    """Runs statements on a connection that stays open.

    Args:
        engine: Of SQLAlchemy.
    """

    def __init__(self, engine: Any) -> None:
        self._engine = engine
        self._connection: Any = None
        self.classes: dict[Relation, dict[str, Class]] = {}
        """What is known of columns as long as the connection stands."""

    def fetch(self, sql: str) -> list[tuple[Any, ...]]:
        """Rows as the driver gives them.

        After an error, such as a connection that was lost or a column of another type, everything is asked
        anew.

        Raises:
            sqlalchemy.exc.DBAPIError: The server is away or cannot read the rows.
        """
        try:
            if self._connection is None:
                options = {"no_parameters": True, "isolation_level": "AUTOCOMMIT"}  # each sees what is new
                self._connection = self._engine.connect().execution_options(**options)
            return [tuple(row) for row in self._connection.exec_driver_sql(sql)]
        except Exception:
            self.close()
            raise

    def close(self) -> None:
        """Gives back the connection."""
        self.classes.clear()
        if self._connection is not None:
            self._connection.close()
            self._connection = None
