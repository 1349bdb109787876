"""What is said of values that are not in the form in which they are used."""

from __future__ import annotations

import pyarrow as pa
import pytest

from schema.findings import Findings
from schema.source.cells.forms import note_forms
from schema.source.relations import Relation

PRODUCTS = Relation("products", "goods", columns=(("product_id", "sku"), ("available", "stock")))


def noted(values):
    findings = Findings()
    note_forms(findings, pa.table({"available": values}), PRODUCTS, 1)
    return {finding.kind: finding for finding in findings.all()}


@pytest.mark.parametrize(
    "values", [[1, -3, 5, 0, None], ["1", "-3", "5", "0", None], [1.0, -3.0, 5.0, 0.0, None]]
)
def test_flags_that_are_neither_0_nor_1_are_told(values):
    found = noted(values)
    assert (found["stock below zero"].count, found["stock below zero"].severity) == (1, "warning")
    assert found["stock below zero"].example.startswith("row 2: -3")
    assert (found["stock"].count, found["stock"].severity) == (1, "info")
    assert found["stock"].example.startswith("row 3: 5")
    assert (found["availability not known"].count, found["availability not known"].example) == (1, "row 5")
    assert {(finding.table, finding.column) for finding in found.values()} == {("goods", "stock")}


def test_a_fraction_is_a_stock_too():
    assert noted([0.5, 1])["stock"].count == 1


@pytest.mark.parametrize("values", [[0, 1], [True, False], ["yes", "no"], ["1", "0"], ["true", "f"]])
def test_flags_are_not_told(values):
    assert noted(values) == {}


def test_zero_dates_of_products_are_told():
    findings = Findings()
    raw = pa.table({"created_at": ["2024-01-02", "0000-00-00 00:00:00", "", None]})
    note_forms(findings, raw, Relation("products", "goods"), 1)
    (found,) = findings.all()
    assert (found.kind, found.count) == ("words for a missing value", 1)
    assert found.example == "row 2: '0000-00-00 00:00:00'"


def events_noted(column, values):
    findings = Findings()
    note_forms(findings, pa.table({column: values}), Relation("events", "lines"), 101)
    return {finding.kind: finding for finding in findings.all()}


def test_numbers_of_events_that_are_written_for_people_are_told():
    found = events_noted("price", ["1.5", "$2", "n/a", "3,50", None])
    assert (found["numbers in another form"].count, found["numbers in another form"].example) == (
        2,
        "row 102: '$2'",
    )
    assert found["words for a missing value"].example == "row 103: 'n/a'"
    assert events_noted("price", [1.5, None]) == {}


@pytest.mark.parametrize(
    ("values", "count", "example"),
    [
        (["1.23E+17", "1.23E+17", "42"], 2, "row 101: '1.23E+17'"),
        (["42", "1,23e+17"], 1, "row 102: '1,23e+17'"),
        ([42.0, 2.0**53], 1, "row 102: '9007199254740992'"),
    ],
)
def test_ids_that_were_rounded_are_told(values, count, example):
    found = events_noted("user_id", values)["ids that were rounded"]
    assert (found.count, found.example, found.severity) == (count, example, "warning")


@pytest.mark.parametrize("values", [["1e5", "E+12", "x1E+17"], [2**53], [1.5, None]])
def test_other_ids_are_not_rounded(values):
    assert "ids that were rounded" not in events_noted("user_id", values)


def test_infinite_numbers_are_told():
    found = events_noted("quantity", [1.0, float("inf"), float("-inf"), None])["infinite numbers"]
    assert (found.count, found.example, found.action) == (2, "row 102", "missing")
