"""The source at the edge of the process: its password and path, and which one the last run had."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

from pipeline.config.forgotten_users import with_forgotten
from pipeline.config.settings import TowerlineConfig
from schema.errors import UserError
from schema.files import write_text
from schema.source import ProductSource, mask_url, open_source, password_of, restore_password
from schema.source.forgotten import KEY_VARIABLE
from schema.source_settings import PASSWORD_VARIABLE, SourceSettings

_SQLITE: Final = "sqlite:///"


def conceal(settings: SourceSettings) -> SourceSettings:
    """Masks the password in the URL, puts it into the environment, and makes a path absolute.

    Raises:
        UserError: No database is named.
    """
    if not settings.url:
        raise UserError("No product database is named. Remedy: pass --source URL or set `source.url`.")
    password = password_of(settings.url)
    if password is not None:
        os.environ[PASSWORD_VARIABLE] = password
    return settings.model_copy(update={"url": mask_url(_absolute(settings.url))})


def open_concealed(settings: SourceSettings) -> ProductSource:
    """Opens a source whose URL may be masked."""
    url = restore_password(settings.url or "", os.environ.get(PASSWORD_VARIABLE))
    return open_source(settings.model_copy(update={"url": url}), forget_key=os.environ.get(KEY_VARIABLE))


def _absolute(url: str) -> str:
    if url.startswith(_SQLITE):
        path = url.removeprefix(_SQLITE)
        return url if path in ("", ":memory:") else _SQLITE + str(Path(path).expanduser().absolute())
    return url if "://" in url else str(Path(url).expanduser().absolute())


_FILE: Final = "source.json"


def remember_source(settings: SourceSettings, workdir: Path) -> None:
    """Writes how to reach the database to `source.json`, password included, for its owner's eyes only."""
    url = restore_password(settings.url or "", os.environ.get(PASSWORD_VARIABLE))
    kept = settings.model_copy(update={"url": url, "forgotten": ()})  # their list is in a file of its own
    write_text(workdir / _FILE, kept.to_json(), is_private=True)


def known_url(config: TowerlineConfig, workdir: Path) -> TowerlineConfig:
    """The configuration with the source of the last run, if it names none.

    Raises:
        UserError: There is neither.
    """
    if config.source.url:
        return config
    known = _known_source(config, workdir).model_copy(update={"reading": None})
    return config.model_copy(update={"source": known})


def source_of(config: TowerlineConfig, workdir: Path) -> SourceSettings:
    """Returns the source of the configuration, or else that of the last run; the password is masked.

    Users who are forgotten in the work directory are left out of what it reads.

    Raises:
        UserError: There is neither.
    """
    return with_forgotten(_known_source(config, workdir), workdir)


def _known_source(config: TowerlineConfig, workdir: Path) -> SourceSettings:
    path = workdir / _FILE
    if config.source.url:
        return _as_read_before(conceal(config.source), path)
    if not path.is_file():
        raise UserError(
            f"No run has been made in {workdir}, and no database is named. Remedy: pass --source URL."
        )
    return conceal(SourceSettings.from_json(path.read_text(encoding="utf-8")))


def _as_read_before(settings: SourceSettings, path: Path) -> SourceSettings:
    """The same database is read as the last run decided."""
    if not path.is_file():
        return settings
    known = SourceSettings.from_json(path.read_text(encoding="utf-8"))
    plain = {"reading": None, "url": None, "forgotten": ()}
    same = settings.model_copy(update=plain) == known.model_copy(update=plain)
    if not same or mask_url(known.url or "") != settings.url:
        return settings
    return settings.model_copy(update={"reading": known.reading})
