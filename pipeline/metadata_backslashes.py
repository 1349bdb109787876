r"""Keeps backslashes away from ML Metadata on PostgreSQL, which it cannot write.

ml-metadata puts what libpq's `PQescapeLiteral` returns between quotes of its own. For a text with a
backslash that is ` E'…'`, so the statement is no SQL any more ("syntax error at or near"). Our parameters
are JSON inside JSON and full of them. On the way in each `\` becomes a character of Unicode's private use
area, on the way out it is put back.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

_BACKSLASH: Final = "\\"
_STAND_IN: Final = "\ue05c"


def without_backslashes(store: Any) -> Any:
    """Returns a `MetadataStore` on PostgreSQL after making it accept every text."""
    store._call = _exchanging(store._call)
    return store


def _exchanging(call: Callable[[str, Any, Any], None]) -> Callable[[str, Any, Any], None]:
    def exchanged(method: str, request: Any, response: Any) -> None:
        sent = type(request)()
        sent.CopyFrom(request)
        _exchange(sent, _BACKSLASH, _STAND_IN)
        call(method, sent, response)
        _exchange(response, _STAND_IN, _BACKSLASH)

    return exchanged


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
