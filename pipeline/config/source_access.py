"""Passwords and relative paths of source URLs at the edge of the process."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

from schema.errors import UserError
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
