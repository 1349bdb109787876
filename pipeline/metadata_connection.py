"""How ML Metadata is reached: a SQLite file, or a PostgreSQL database whose password is not in its URL."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final
from urllib.parse import unquote, urlsplit

from ml_metadata import metadata_store
from ml_metadata.proto import metadata_store_pb2 as pb

from pipeline.metadata_postgres import as_on_sqlite
from schema.errors import UserError
from schema.source import mask_url, password_of, restore_password

PASSWORD_VARIABLE: Final = "TOWERLINE_METADATA_PASSWORD"
"""Environment variable that carries the password of a store on PostgreSQL."""

_SQLITE: Final = "sqlite:///"
_POSTGRES: Final = ("postgresql://", "postgres://")


def store_location(url: str) -> str:
    """Returns what names a store everywhere in the program: a path, or a URL without its password.

    Raises:
        UserError: `url` is neither `sqlite:///path` nor `postgresql://…/database`.
    """
    path = url.removeprefix(_SQLITE)
    if url.startswith(_SQLITE) and path not in ("", ":memory:"):
        return str(Path(path).expanduser().absolute())
    if url.startswith(_POSTGRES) and urlsplit(url).hostname and urlsplit(url).path.strip("/"):
        return mask_url(url)
    raise UserError(
        "The metadata URL must be `sqlite:///path/of/file.db` or `postgresql://user@host:5432/database`. "
        f"Received: {mask_url(url)!r}."
    )


def is_server(location: str) -> bool:
    """Whether a URL or location is that of a database server."""
    return location.startswith(_POSTGRES)


def conceal_password(url: str) -> None:
    """Puts the password of a URL, if it has one, where `connection_config` looks for it."""
    password = password_of(url)
    if password is not None:
        os.environ[PASSWORD_VARIABLE] = password


def store_exists(location: str) -> bool:
    """Whether there may be a store; that of a server is made when it is first opened."""
    return is_server(location) or Path(location).is_file()


def connection_config(location: str, read_only: bool = False) -> pb.ConnectionConfig:
    """Returns ML Metadata's own description of a store; the password comes from the environment."""
    config = pb.ConnectionConfig()
    if is_server(location):
        parts = urlsplit(restore_password(location, os.environ.get(PASSWORD_VARIABLE)))
        config.postgresql.host = parts.hostname or ""
        config.postgresql.port = str(parts.port or 5432)
        config.postgresql.user = unquote(parts.username or "")
        config.postgresql.password = _quoted(unquote(parts.password or ""))
        config.postgresql.dbname = unquote(parts.path.strip("/"))
        config.postgresql.skip_db_creation = True  # it exists, and its owner may not be allowed to make one
        return config
    mode = pb.SqliteMetadataSourceConfig
    config.sqlite.filename_uri = location
    config.sqlite.connection_mode = mode.READONLY if read_only else mode.READWRITE_OPENCREATE
    return config


def open_store(location: str, read_only: bool = False) -> metadata_store.MetadataStore:
    """Opens a store."""
    return usable(metadata_store.MetadataStore(connection_config(location, read_only)), location)


def usable(store: metadata_store.MetadataStore, location: str) -> metadata_store.MetadataStore:
    """Returns an open store after mending what is wrong with its kind."""
    return as_on_sqlite(store) if is_server(location) else store


def _quoted(password: str) -> str:
    """ML Metadata puts it into a connection string of libpq as it is, where a space would end it."""
    escaped = password.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'" if password else ""
