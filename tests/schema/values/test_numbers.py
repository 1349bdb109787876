from __future__ import annotations

import pyarrow as pa
import pytest

from schema.source.cells.number_columns import typed_column
from schema.values.numbers import is_code, number_of


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("12.99", 12.99),
        ("-3", -3.0),
        ("1e3", 1000.0),
        ("12,99", 12.99),
        ("$12.99", 12.99),
        ("12,99 €", 12.99),
        ("-$5.00", -5.0),
        ("EUR 1.234,50", 1234.5),
        ("1,234.50", 1234.5),
        ("1'234.5", 1234.5),
        ("1 234 567", 1234567.0),
        ("1.234.567", 1234567.0),
        ("1,234,567", 1234567.0),
        ("1,234", None),
        ("on request", None),
        ("12-99", None),
        ("1,2,3", None),
        ("", None),
        ("inf", None),
        ("10%", None),
    ],
)
def test_numbers_as_people_write_them(text, expected):
    assert number_of(text) == expected


def test_what_stands_before_a_fraction_may_be_said():
    assert number_of("1,234", ",") == 1.234
    assert number_of("1,234", ".") == 1234.0
    assert number_of("1.234", ",") == 1234.0


def test_a_leading_zero_is_a_code():
    assert [is_code(text) for text in ("007", "0", "0.5", "7", "00")] == [True, False, False, False, True]


def typed(*texts, name="price"):
    found = typed_column(name, pa.array(texts))
    return found.values.to_pylist(), found.num_unfit


def test_a_column_is_what_nearly_all_of_its_values_are():
    many = [f"{n},5" for n in range(40)]
    values, unfit = typed(*many, "on request")
    assert values == [*(n + 0.5 for n in range(40)), None]
    assert unfit == 1
    assert typed("1", None, "-20") == ([1, None, -20], 0)
    assert typed("1", "2.50") == ([1.0, 2.5], 0)
    assert typed("1", "\\N", "NULL", "2") == ([1, None, None, 2], 0)
    assert typed("1", "x", "y") == (["1", "x", "y"], 2)


def test_codes_and_versions_stay_text():
    assert typed("1", "007") == (["1", "007"], 0)
    assert typed("1.10", "1.1", "2.0") == (["1.10", "1.1", "2.0"], 0)
    assert typed("1.0", "1", "2")[0] == [1.0, 1.0, 2.0]
    zips = [str(10000 + n) for n in range(40)]
    assert typed(*zips, "SW1A 1AA", name="zip_code")[0] == [*zips, "SW1A 1AA"]
