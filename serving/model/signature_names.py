"""Names of the signatures of a SavedModel, read from its file without TensorFlow."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any, Final

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

_FILE: Final = "saved_model.pb"
_FIELD: Final = descriptor_pb2.FieldDescriptorProto
_PARTS: Final = (
    ("SavedModel", "meta_graphs", 2, ".towerline.MetaGraph"),
    ("MetaGraph", "signature_def", 5, ".towerline.Entry"),
    ("Entry", "key", 1, ""),
)
"""Message, field, number and type of what is read of `saved_model.proto` and `meta_graph.proto`."""


def signature_names(folder: Path) -> frozenset[str]:
    """Names of the signatures, without those that TensorFlow keeps for itself.

    Args:
        folder: Of the SavedModel.

    Raises:
        OSError: There is no such file.
        google.protobuf.message.DecodeError: It is damaged.
    """
    model = _message()()
    model.ParseFromString((folder / _FILE).read_bytes())
    found = {entry.key for graph in model.meta_graphs for entry in graph.signature_def}
    return frozenset(name for name in found if not name.startswith("__"))


@cache
def _message() -> Any:
    """A SavedModel of which nothing but the names of its signatures is known."""
    file = descriptor_pb2.FileDescriptorProto(
        name="towerline/saved_model.proto", package="towerline", syntax="proto3"
    )
    for message, field, number, kind in _PARTS:
        described = file.message_type.add(name=message).field.add(
            name=field, number=number, label=_FIELD.LABEL_REPEATED if kind else _FIELD.LABEL_OPTIONAL
        )
        described.type = _FIELD.TYPE_MESSAGE if kind else _FIELD.TYPE_STRING
        if kind:
            described.type_name = kind
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName("towerline.SavedModel"))
