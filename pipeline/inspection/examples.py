"""Rows of `tf.Example` files without TensorFlow, whose import would take longer than the whole answer."""

from __future__ import annotations

import gzip
import struct
from collections.abc import Collection, Iterator
from functools import cache
from itertools import islice
from pathlib import Path
from typing import Any, Protocol

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

from schema import names

_FIELD = descriptor_pb2.FieldDescriptorProto
_PACKAGE = "towerline.inspection"
_HEADER_BYTES = 12  # length and its checksum
_FOOTER_BYTES = 4
_LISTS = {"BytesList": "bytes_list", "FloatList": "float_list", "Int64List": "int64_list"}


class Readable(Protocol):
    """A file that is open for reading."""

    def read(self, size: int, /) -> bytes:
        """The next bytes."""
        ...


def sample_rows(folder: Path, count: int) -> list[dict[str, list[Any]]]:
    """The first rows of a split: feature -> values, text as text."""
    return [parse_example(record) for record in islice(records(folder), count)]


def records(folder: Path) -> Iterator[bytes]:
    """The records of all TFRecord files of a folder."""
    for path in sorted(folder.glob("[!._]*")):
        yield from records_of(path)


def records_of(path: Path) -> Iterator[bytes]:
    """The records of one TFRecord file."""
    with path.open("rb") as file:
        yield from _records(gzip.GzipFile(fileobj=file) if path.suffix == ".gz" else file)


def read_targets(folder: Path) -> dict[str, set[str]]:
    """User -> targets of the rows of a split; empty if its folder is gone."""
    if not folder.is_dir():
        return {}
    columns = (names.USER_ID, names.TARGET_PRODUCT_ID)
    rows = (parse_example(record, columns) for record in records(folder))
    return {row[names.USER_ID][0]: set(row.get(names.TARGET_PRODUCT_ID, [])) for row in rows}


def _records(file: Readable) -> Iterator[bytes]:
    while len(header := file.read(_HEADER_BYTES)) == _HEADER_BYTES:
        (length,) = struct.unpack("<Q", header[:8])
        yield file.read(length)
        file.read(_FOOTER_BYTES)


def parse_example(record: bytes, columns: Collection[str] | None = None) -> dict[str, list[Any]]:
    """Feature -> values of a serialised `tf.Example`; of the features `columns`, by default of all."""
    example = _example_class()()
    example.ParseFromString(record)
    row = {}
    found = example.features.feature
    for name in sorted(found if columns is None else [name for name in columns if name in found]):
        feature = found[name]
        kind = feature.WhichOneof("kind")
        values = list(getattr(feature, kind).value) if kind else []
        row[name] = [_text(value) if isinstance(value, bytes) else value for value in values]
    return row


def _text(value: bytes) -> str:
    return value.decode("utf-8", errors="replace")


@cache
def _example_class() -> Any:
    """The message class of `tf.Example`, declared here: TensorFlow has the only other copy."""
    file = descriptor_pb2.FileDescriptorProto(
        name="towerline_example.proto", package=_PACKAGE, syntax="proto3"
    )
    lists = (
        ("BytesList", _FIELD.TYPE_BYTES),
        ("FloatList", _FIELD.TYPE_FLOAT),
        ("Int64List", _FIELD.TYPE_INT64),
    )
    for name, kind in lists:
        _add(file.message_type.add(name=name), "value", 1, kind, repeated=True)
    feature = file.message_type.add(name="Feature")
    feature.oneof_decl.add(name="kind")
    for number, (name, _) in enumerate(lists, 1):
        field = _add(feature, _LISTS[name], number, _FIELD.TYPE_MESSAGE, of=name)
        field.oneof_index = 0
    features = file.message_type.add(name="Features")
    entry = features.nested_type.add(name="FeatureEntry")
    entry.options.map_entry = True
    _add(entry, "key", 1, _FIELD.TYPE_STRING)
    _add(entry, "value", 2, _FIELD.TYPE_MESSAGE, of="Feature")
    _add(features, "feature", 1, _FIELD.TYPE_MESSAGE, repeated=True, of="Features.FeatureEntry")
    example = file.message_type.add(name="Example")
    _add(example, "features", 1, _FIELD.TYPE_MESSAGE, of="Features")
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName(f"{_PACKAGE}.Example"))


def _add(message: Any, name: str, number: int, kind: int, repeated: bool = False, of: str = "") -> Any:
    field = message.field.add(name=name, number=number, type=kind)
    field.label = _FIELD.LABEL_REPEATED if repeated else _FIELD.LABEL_OPTIONAL
    if of:
        field.type_name = f".{_PACKAGE}.{of}"
    return field
