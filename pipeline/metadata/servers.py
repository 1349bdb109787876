r"""Makes ML Metadata on a database server do what it does on SQLite, on which TFX relies.

Texts, on PostgreSQL: ml-metadata puts what libpq's `PQescapeLiteral` returns between quotes of its own. For
a text with a backslash that is ` E'…'`, so the statement is no SQL any more ("syntax error at or near"). Our
parameters are JSON inside JSON and full of them. On the way in each `\` becomes a character of Unicode's
private use area, on the way out it is put back.

Order: what is asked for by ids comes in the order in which the server finds it (PostgreSQL moves a row that
is updated). TFX pairs the answer with the ids one by one, so that the cache would give a node's outputs the
wrong keys.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from pipeline.metadata.sql import STAND_IN

_BACKSLASH: Final = "\\"
_BY_IDS: Final = {
    "GetArtifactsByID": ("artifacts", "artifact_ids"),
    "GetExecutionsByID": ("executions", "execution_ids"),
    "GetContextsByID": ("contexts", "context_ids"),
    "GetArtifactTypesByID": ("artifact_types", "type_ids"),
}
"""Method -> repeated field of the answer, and of the ids in the request."""


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
