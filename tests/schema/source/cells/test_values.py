from __future__ import annotations

import decimal

import pyarrow as pa
import pytest

from schema.errors import UserError
from schema.source.cells import values


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ([42, None], ["42", None]),
        ([42.0, None], ["42", None]),
        (["42", "042", " 42 "], ["42", "042", "42"]),
        (["17000.0", "007.0", "1.10"], ["17000", "007.0", "1.10"]),
        (
            [decimal.Decimal(123456789012345678), decimal.Decimal(123456789012345679)],
            ["123456789012345678", "123456789012345679"],
        ),
        ([b"\x00\xff", b"\x01"], ["00ff", "01"]),
        ([42.0, 1.5, 1e300], ["42", "1.5", "1e+300"]),
        ([decimal.Decimal("42.00")], ["42"]),
        ([True, False], ["1", "0"]),
        ([b"abc", "é".encode()], ["abc", "é"]),
        ([2**53 + 1], ["9007199254740993"]),
    ],
)
def test_ids_become_text(given, expected):
    assert values.texts(pa.array(given)).to_pylist() == expected


def test_dictionaries_are_decoded():
    assert values.texts(pa.array(["a", "b", "a"]).dictionary_encode()).to_pylist() == ["a", "b", "a"]


def test_whole_floats_become_integers():
    assert values.native(pa.array([1.0, None, 3.0])).type == pa.int64()
    assert values.native(pa.array([1.0, 2.5])).type == pa.float64()
    assert values.native(pa.array([1.0, float("nan")])).to_pylist() == [1, None]


def test_json_arrays_become_vectors():
    assert values.native(pa.array(["[1, 2.5]", None, " [3,4]"])).to_pylist() == [[1.0, 2.5], None, [3.0, 4.0]]
    for texts in (["[1, 2]", "x"], ['["a"]'], ["[not json"], ["[]"], ["[true]"]):
        assert values.native(pa.array(texts)).to_pylist() == texts


def test_quantities():
    assert values.numbers(pa.array(["1.5", "", None, "+2e1"]), "t", "c").to_pylist() == [
        1.5,
        None,
        None,
        20.0,
    ]
    with pytest.raises(UserError, match=r"Table `t`, column `c`, row 2: not a number. Received: 'two'"):
        values.numbers(pa.array(["1", "two"]), "t", "c")


def test_flags():
    assert values.flags(pa.array([1, 0, None]), "t", "c").to_pylist() == [1, 0, None]
    assert values.flags(pa.array(["true", "No", None]), "t", "c").to_pylist() == [1, 0, None]
    with pytest.raises(UserError, match=r"row 1: neither 0 nor 1. Received: 'maybe'"):
        values.flags(pa.array(["maybe"]), "t", "c")


def test_lists_are_no_flags():
    with pytest.raises(UserError, match=r"column `available` holds lists"):
        values.flags(pa.array([[1.0], [0.0]]), "products", "available")
