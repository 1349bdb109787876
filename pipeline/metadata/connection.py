"""How ml_metadata is told to reach a store; passwords come from the environment, never from a location."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any, Final
from urllib.parse import unquote, urlsplit

from ml_metadata import metadata_store
from ml_metadata.proto import metadata_store_pb2 as pb

from pipeline.metadata.location import PASSWORD_VARIABLE, is_server
from pipeline.metadata.sql import STAND_IN
from schema.source import restore_password

_POSTGRES: Final = "postgres"

_BACKSLASH: Final = "\\"
_BY_IDS: Final = {
    "GetArtifactsByID": ("artifacts", "artifact_ids"),
    "GetExecutionsByID": ("executions", "execution_ids"),
    "GetContextsByID": ("contexts", "context_ids"),
    "GetArtifactTypesByID": ("artifact_types", "type_ids"),
}
"""Method -> repeated field of the answer, and of the ids in the request."""


def connection_config(location: str) -> pb.ConnectionConfig:
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
    config.sqlite.filename_uri = location
    config.sqlite.connection_mode = pb.SqliteMetadataSourceConfig.READWRITE_OPENCREATE
    return config


def open_store(location: str) -> metadata_store.MetadataStore:
    """Opens a store."""
    return usable(metadata_store.MetadataStore(connection_config(location)), location)


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


def as_on_sqlite(store: Any, has_odd_texts: bool) -> Any:
    """Returns a `MetadataStore` on a server after mending it.

    Args:
        store: The store.
        has_odd_texts: Whether backslashes must not reach it.
    """
    store._call = _mended(store._call, has_odd_texts)
    return store


def _mended(call: Callable[[str, Any, Any], None], has_odd_texts: bool) -> Callable[[str, Any, Any], None]:
    def mended(method: str, request: Any, response: Any) -> None:
        sent = type(request)()
        sent.CopyFrom(request)
        if has_odd_texts:
            _exchange(sent, _BACKSLASH, STAND_IN)
        call(method, sent, response)
        if has_odd_texts:
            _exchange(response, STAND_IN, _BACKSLASH)
        if method in _BY_IDS:
            _order(response, *_BY_IDS[method], request)

    return mended


def _order(response: Any, field: str, ids: str, request: Any) -> None:
    """Puts the answers into the order of the ids that were asked for."""
    answers = getattr(response, field)
    requested = list(getattr(request, ids))
    if len(answers) < len(requested):  # an id that was asked for twice is answered once, as on SQLite
        requested = list(dict.fromkeys(requested))
    found = {answer.id: type(answer).FromString(answer.SerializeToString()) for answer in answers}
    del answers[:]
    answers.extend(found[number] for number in requested if number in found)


def _exchange(message: Any, old: str, new: str) -> None:
    """Replaces in every text of a protocol buffer."""
    for field, value in message.ListFields():
        if field.message_type is not None and field.message_type.GetOptions().map_entry:
            if field.message_type.fields_by_name["value"].message_type is not None:
                for inner in value.values():
                    _exchange(inner, old, new)
        elif field.type == field.TYPE_MESSAGE:
            for inner in value if field.is_repeated else (value,):
                _exchange(inner, old, new)
        elif field.type == field.TYPE_STRING and field.is_repeated:
            value[:] = [text.replace(old, new) for text in value]
        elif field.type == field.TYPE_STRING and old in value:
            setattr(message, field.name, value.replace(old, new))
