"""Remembers the source of a run for `recommend`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

from pipeline.config.forgotten_users import with_forgotten
from pipeline.config.settings import TowerlineConfig
from pipeline.config.source_access import conceal
from schema.errors import UserError
from schema.files import write_text
from schema.source import mask_url, restore_password
from schema.source_settings import PASSWORD_VARIABLE, SourceSettings

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
