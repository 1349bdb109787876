"""Where ML Metadata is kept: a SQLite file, or a database on PostgreSQL, MySQL or MariaDB."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from pipeline.config.settings import MetadataSettings
from schema.errors import UserError
from schema.source import mask_url, password_of

DEFAULT_NAME: Final = "metadata.db"
"""Name of the file in the work directory."""

PASSWORD_VARIABLE: Final = "TOWERLINE_METADATA_PASSWORD"
"""Environment variable that carries the password of a store on a server."""

_SQLITE: Final = "sqlite:///"
_SERVERS: Final = ("postgresql://", "postgres://", "mysql://", "mariadb://")
_KINDS: Final = (
    "`sqlite:///path/of/file.db`, `postgresql://user@host:5432/database` or `mysql://user@host:3306/database`"
)


def metadata_location(settings: MetadataSettings, workdir: str | Path) -> str:
    """Returns what names the store: a path, or the URL of a server without its password.

    The password, if the URL has one, goes where those who connect look for it. Nothing is made.

    Raises:
        UserError: `metadata.url` names no store.
    """
    if settings.url is None:
        return str(Path(workdir).expanduser().absolute() / DEFAULT_NAME)
    conceal_password(settings.url)
    return store_location(settings.url)


def store_location(url: str) -> str:
    """Returns what names a store everywhere in the program: a path, or a URL without its password.

    Raises:
        UserError: `url` is of no supported kind, or names no database.
    """
    path = url.removeprefix(_SQLITE)
    if url.startswith(_SQLITE) and path not in ("", ":memory:"):
        file = Path(path).expanduser().absolute()
        if file.is_dir():
            raise UserError(
                f"Configuration key `metadata.url` names a folder. Received: {url!r}. Remedy: name a file."
            )
        return str(file)
    if url.startswith(_SERVERS) and urlsplit(url).hostname and urlsplit(url).path.strip("/"):
        return mask_url(url)
    raise UserError(f"The metadata URL (`metadata.url`) must be {_KINDS}. Received: {mask_url(url)!r}.")


def is_server(location: str) -> bool:
    """Whether a URL or location is that of a database server."""
    return location.startswith(_SERVERS)


def conceal_password(url: str) -> None:
    """Puts the password of a URL, if it has one, where those who connect look for it."""
    password = password_of(url) if is_server(url) else None
    if password is not None:
        os.environ[PASSWORD_VARIABLE] = password


def store_exists(location: str) -> bool:
    """Whether there may be a store; that of a server is made when it is first written to."""
    return is_server(location) or Path(location).is_file()
