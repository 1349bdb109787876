"""One canonical form of ids, the same for every reader, request and file of users.

Whole numbers have no fraction (`17000.0` is `17000`), blanks around an id are none of it, UUIDs are in
small letters, and bytes that are no text are hexadecimal. No id ever goes through a float.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

_WHOLE: Final = re.compile(r"(-?(?:0|[1-9][0-9]*))\.0+")
_UUID: Final = re.compile(r"\{?([0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12})\}?")
_INTEGER: Final = re.compile(r"0|-?[1-9][0-9]*")
_SURROGATE: Final = re.compile(r"[\ud800-\udfff]")
_PERHAPS_ODD: Final = (
    r"^[\s\x0b\x1c-\x1f\x{85}\pZ]|[\s\x0b\x1c-\x1f\x{85}\pZ]$|\.0|"
    r"^\{|[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-"
)
"""RE2: matches each id that is not in canonical form, and some that are."""
_EXACT_FLOATS: Final = 2.0**63


def canonical_id(value: str) -> str:
    """Returns the canonical form of an id; any text has one."""
    text = value.encode("utf-8", "replace").decode().strip()
    whole = _WHOLE.fullmatch(text)
    if whole:
        return "0" if whole[1] == "-0" else whole[1]
    uuid = _UUID.fullmatch(text)
    return uuid[1].lower() if uuid else text


def id_forms(ids: Iterable[str], given: Iterable[str] = ()) -> list[str]:
    """Returns the forms in which a database may hold ids.

    Args:
        ids: In their canonical form.
        given: The same as they were asked for.
    """
    forms = dict.fromkeys(sorted(ids))
    for text in list(forms):
        if is_integer_text(text):
            forms[f"{text}.0"] = None
        elif _UUID.fullmatch(text):
            forms.update(dict.fromkeys([text.upper(), f"{{{text}}}", f"{{{text.upper()}}}"]))
    forms.update(dict.fromkeys(text for text in given if not _SURROGATE.search(text)))
    return list(forms)


def is_integer_text(text: str) -> bool:
    """Whether an id is an integer as databases write it; `²`, `--5` and `007` are none."""
    return _INTEGER.fullmatch(text) is not None


def bytes_text(value: bytes) -> str:
    """Returns bytes as the text that they are, or else as hexadecimal digits."""
    try:
        text = value.decode()
    except UnicodeDecodeError:
        return value.hex()
    return text if text.isprintable() else value.hex()


def canonical_ids(values: pa.Array) -> pa.Array:
    """Returns ids of any type in their canonical form, as text."""
    texts = id_texts(values)
    if not pc.any(pc.match_substring_regex(texts, _PERHAPS_ODD), min_count=0).as_py():
        return texts
    encoded = texts.dictionary_encode()
    raw = encoded.dictionary.to_pylist()
    canonical = [canonical_id(text) for text in raw]
    return texts if canonical == raw else pa.array(canonical, pa.string()).take(encoded.indices)


def id_texts(values: pa.Array) -> pa.Array:
    """Returns ids of any type as text, as they are written; NaN is missing."""
    kind = values.type
    if isinstance(values, pa.ExtensionArray):
        return id_texts(values.storage)
    if pa.types.is_dictionary(kind):
        return id_texts(values.dictionary_decode())
    if pa.types.is_string(kind):
        return values
    if pa.types.is_boolean(kind):
        return values.cast(pa.int64()).cast(pa.string())
    if pa.types.is_floating(kind):
        return _floats(values.cast(pa.float64()))
    if pa.types.is_decimal(kind):
        return pa.array(
            [None if value is None else _decimal(value) for value in values.to_pylist()], pa.string()
        )
    if pa.types.is_binary(kind) or pa.types.is_large_binary(kind) or pa.types.is_fixed_size_binary(kind):
        found = [None if value is None else bytes_text(value) for value in values.to_pylist()]
        return pa.array(found, pa.string())
    if pa.types.is_nested(kind):
        return pa.array([None if value is None else str(value) for value in values.to_pylist()], pa.string())
    return values.cast(pa.string())


def _decimal(value: object) -> str:
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _floats(values: pa.Array) -> pa.Array:
    """Whole numbers without a fraction, one by one: what a value becomes does not depend on others."""
    finite = pc.if_else(pc.is_nan(values), pa.scalar(None, pa.float64()), values)
    whole = pc.and_(pc.equal(pc.floor(finite), finite), pc.less(pc.abs(finite), _EXACT_FLOATS))
    integers = pc.if_else(whole, finite, pa.scalar(None, pa.float64())).cast(pa.int64(), safe=False)
    return pc.coalesce(integers.cast(pa.string()), finite.cast(pa.string()))
