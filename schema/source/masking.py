"""Keeps passwords out of files, logs and ML Metadata."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import quote, unquote

MASK: Final = "***"
"""What stands in the place of a password."""

_WITH_PASSWORD = re.compile(
    r"^(?P<head>[A-Za-z][\w+.-]*://[^:/@]*:)(?P<password>.*)(?P<tail>@[^@]*)$", re.DOTALL
)


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
