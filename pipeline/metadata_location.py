"""Where ML Metadata is kept."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from pipeline.config import MetadataSettings
from schema.errors import UserError
from schema.source import mask_url

DEFAULT_NAME: Final = "metadata.db"
"""Name of the file in the work directory."""

_SQLITE: Final = "sqlite:///"


def metadata_file(settings: MetadataSettings, workdir: str | Path) -> Path:
    """Returns the absolute path of the SQLite file of ML Metadata; nothing is made.

    Raises:
        UserError: `metadata.url` names another kind of database, or no file.
    """
    if settings.url is None:
        return Path(workdir).expanduser().absolute() / DEFAULT_NAME
    path = settings.url.removeprefix(_SQLITE)
    if not settings.url.startswith(_SQLITE) or path in ("", ":memory:"):
        raise UserError(
            "Configuration key `metadata.url` must be `sqlite:///path/of/file.db`, the only kind of store "
            f"that is supported now. Received: {mask_url(settings.url)!r}. Remedy: name a file, or leave "
            "the key out."
        )
    file = Path(path).expanduser().absolute()
    if file.is_dir():
        raise UserError(
            f"Configuration key `metadata.url` names a folder. Received: {settings.url!r}. "
            "Remedy: name a file."
        )
    return file


def metadata_location(settings: MetadataSettings, workdir: str | Path) -> str:
    """Returns where to read ML Metadata: a file, or the PostgreSQL database of runs on Kubeflow.

    Raises:
        UserError: `metadata.url` names neither.
    """
    from pipeline.metadata_connection import conceal_password, is_server, store_location

    if settings.url is not None and is_server(settings.url):
        conceal_password(settings.url)
        return store_location(settings.url)
    return str(metadata_file(settings, workdir))
