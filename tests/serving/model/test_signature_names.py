"""Names of signatures, read without TensorFlow."""

import pytest
from google.protobuf.message import DecodeError

from serving.model.signature_names import signature_names


def field(number, content):
    """A field of bytes as protobuf writes it, of less than 128 bytes."""
    return bytes([number << 3 | 2, len(content)]) + content


def saved_model(*names):
    """The version 1, a graph that says something of itself, and signatures with something in them."""
    entries = [field(5, field(1, name.encode()) + field(2, field(3, b"predict"))) for name in names]
    return b"\x08\x01" + field(2, field(1, b"\x0a\x00") + b"".join(entries))


def test_names_are_those_of_the_file_without_the_private_ones(tmp_path):
    (tmp_path / "saved_model.pb").write_bytes(saved_model("similar", "__saved_model_init_op", "search"))
    assert signature_names(tmp_path) == {"similar", "search"}


def test_a_damaged_file_is_told(tmp_path):
    (tmp_path / "saved_model.pb").write_bytes(saved_model("similar")[:-3])
    with pytest.raises(DecodeError):
        signature_names(tmp_path)


def test_a_missing_file_is_told(tmp_path):
    with pytest.raises(OSError, match="saved_model"):
        signature_names(tmp_path)
