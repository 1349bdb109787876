"""The value of a category as text, the same in training and serving."""

from __future__ import annotations

from typing import Any


def value_text(value: Any) -> str:
    """Writes the value of a category as text, the same in training and serving: 3.0 is `3`."""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).encode("utf-8", "replace").decode()
