"""How ml_metadata is told to reach a store; passwords come from the environment, never from a location."""

from __future__ import annotations

import os
from typing import Any, Final
from urllib.parse import unquote, urlsplit

from ml_metadata import metadata_store
from ml_metadata.proto import metadata_store_pb2 as pb

from pipeline.metadata.location import (
    PASSWORD_VARIABLE,
    conceal_password,
    is_server,
    store_exists,
    store_location,
)
from pipeline.metadata.servers import as_on_sqlite
from schema.source import restore_password

__all__ = [
    "PASSWORD_VARIABLE",
    "conceal_password",
    "connection_config",
    "is_server",
    "nowhere",
    "open_store",
    "store_exists",
    "store_location",
    "usable",
]

_POSTGRES: Final = "postgres"


def connection_config(location: str, read_only: bool = False) -> pb.ConnectionConfig:
    """Returns ML Metadata's own description of a store, password included."""
    config = pb.ConnectionConfig()
    if is_server(location):
        parts = urlsplit(restore_password(location, os.environ.get(PASSWORD_VARIABLE)))
        is_postgres = location.startswith(_POSTGRES)
        server: Any = config.postgresql if is_postgres else config.mysql
        server.host = parts.hostname or ""
        server.user = unquote(parts.username or "")
        server.skip_db_creation = True  # it exists, and its owner may not be allowed to make one
        password, name = unquote(parts.password or ""), unquote(parts.path.strip("/"))
        if is_postgres:
            server.port, server.password, server.dbname = str(parts.port or 5432), _quoted(password), name
        else:
            server.port, server.password, server.database = parts.port or 3306, password, name
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
    if not is_server(location):
        return store
    return as_on_sqlite(store, has_odd_texts=location.startswith(_POSTGRES))


def nowhere() -> pb.ConnectionConfig:
    """What a pipeline names that runs `opened_by_us`: TFX writes it to its log, where no password belongs."""
    config = pb.ConnectionConfig()
    config.fake_database.SetInParent()
    return config


def _quoted(password: str) -> str:
    """ML Metadata puts it into a connection string of libpq as it is, where a space would end it."""
    escaped = password.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'" if password else ""
