"""From a URL or path to something that can be read; its password stays out of files, logs and ML Metadata."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote, unquote

from schema.errors import UserError
from schema.source.databases.dialect import Dialect
from schema.source.forgotten import Forgotten
from schema.source.product_source import ProductSource
from schema.source.relations import check_mapping
from schema.source_settings import CsvSettings, SourceSettings

if TYPE_CHECKING:
    from schema.source.databases.database import Database
    from schema.source.folders.folder import Folder

_FORMS: Final = (
    "Remedy: use sqlite:///shop.db, postgresql://user:password@host/database, "
    "mysql://user:password@host/database or a folder of Parquet/CSV files."
)

MASK: Final = "***"
"""What stands in the place of a password."""

_WITH_PASSWORD = re.compile(
    r"^(?P<head>[A-Za-z][\w+.-]*://[^:/@]*:)(?P<password>.*)(?P<tail>@[^@]*)$", re.DOTALL
)


def open_source(
    settings: SourceSettings, arrow_native: bool = True, forget_key: str | None = None
) -> ProductSource:
    """Opens the product database and checks that its tables and columns are there.

    Args:
        settings: Where it is and how its tables map onto the contract.
        arrow_native: Whether Arrow-native drivers may be used; they give the same tables, faster.
        forget_key: What the hashes of `settings.forgotten` are keyed with.

    Raises:
        UserError: There is no such file, server, table or column, the form of the URL is unknown, or users
            are to be forgotten and their key is missing.
    """
    if not settings.url:
        raise UserError(f"No product database is named. {_FORMS}")
    check_mapping(settings)
    forgotten = Forgotten(settings.forgotten, forget_key)
    tables = open_tables(settings.url, arrow_native, settings.csv)
    return ProductSource(tables, settings, forgotten)


def open_tables(url: str, arrow_native: bool = True, csv: CsvSettings | None = None) -> Database | Folder:
    """Opens a database or folder without looking for the tables of the contract.

    Raises:
        UserError: There is no such file, or the form of the URL is unknown.
    """
    from schema.source.databases.database import Database

    if "://" not in url:
        return _from_path(Path(url).expanduser(), arrow_native, csv)
    backend = url.split("://", 1)[0].split("+", 1)[0].lower()
    if backend == "file":
        return _from_path(Path(url.removeprefix("file://")), arrow_native, csv)
    if backend == "sqlite":
        return _from_path(Path(_sqlite_path(url)).expanduser(), arrow_native, csv)
    return Database(_server(backend, url, arrow_native))


def _from_path(path: Path, arrow_native: bool, csv: CsvSettings | None) -> Database | Folder:
    from schema.source.databases.database import Database
    from schema.source.databases.sqlite import sqlite_dialect
    from schema.source.folders.folder import Folder

    if path.is_dir():
        return Folder(path, csv)
    return Database(sqlite_dialect(path, arrow_native))


def _sqlite_path(url: str) -> str:
    path = _parsed(url).database
    if not path or path == ":memory:":
        raise UserError(f"A SQLite database must be a file. Received: {url}. {_FORMS}")
    return str(path)


def _server(backend: str, url: str, arrow_native: bool) -> Dialect:
    from schema.source.databases.mysql import MysqlDialect
    from schema.source.databases.postgresql import PostgresqlDialect

    if backend in ("postgresql", "postgres"):
        return PostgresqlDialect(_parsed(url), mask_url(url), arrow_native)
    if backend in ("mysql", "mariadb"):
        return MysqlDialect(_parsed(url), mask_url(url))
    received = f"Received: {mask_url(url)}."
    raise UserError(f"Databases of the kind `{backend}` are not supported. {received} {_FORMS}")


def _parsed(url: str) -> Any:
    from sqlalchemy.engine import make_url
    from sqlalchemy.exc import ArgumentError

    try:
        return make_url(url)
    except (ArgumentError, ValueError) as error:
        received = f"Received: {mask_url(url)}."
        raise UserError(f"The URL of the database cannot be understood. {received} {_FORMS}") from error


def mask_url(url: str) -> str:
    """Returns `url` with its password, if it has one, replaced by `***`."""
    found = _WITH_PASSWORD.match(url)
    return url if found is None else found["head"] + MASK + found["tail"]


def password_of(url: str) -> str | None:
    """Returns the password in `url`, decoded, or None if there is none or it is masked."""
    found = _WITH_PASSWORD.match(url)
    return None if found is None or found["password"] == MASK else unquote(found["password"])


def restore_password(url: str, password: str | None) -> str:
    """Puts `password` back where `mask_url` took it out; other URLs are returned as they are."""
    found = _WITH_PASSWORD.match(url)
    if found is None or found["password"] != MASK or password is None:
        return url
    return found["head"] + quote(password, safe="") + found["tail"]
