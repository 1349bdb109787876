"""Columns of numbers and texts, and numbers stored as text: what they become, and what is said."""

from __future__ import annotations

import sqlite3

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from schema.features import Kind
from schema.findings import Findings
from schema.source import open_source
from schema.source_settings import CsvSettings, SourceSettings


@pytest.fixture
def database(tmp_path):
    """`database(values, type, column)` -> a SQLite file whose products have these values."""

    def make(values, declared="", column="x"):
        connection = sqlite3.connect(tmp_path / "shop.db")
        connection.execute("CREATE TABLE events (user_id, product_id, occurred_at)")
        connection.execute(f"CREATE TABLE products (product_id, {column} {declared})")
        connection.executemany("INSERT INTO products VALUES (?, ?)", list(enumerate(values)))
        connection.commit()
        connection.close()
        return str(tmp_path / "shop.db")

    return make


def read(url, kinds=None, column="x", **settings):
    """The values of a column of products, and the findings by kind."""
    with open_source(SourceSettings(url=url, **settings)) as source:
        source.findings = Findings()
        values = source.read_table("products", kinds=kinds)[column].to_pylist()
        return values, {finding.kind: finding for finding in source.findings.all()}


def test_few_texts_among_numbers_are_missing_and_told(database):
    values, found = read(database([*(n + 0.5 for n in range(58)), "ask us", "n/a"]))
    assert values == [*(n + 0.5 for n in range(58)), None, None]
    unfit = found["values that are no number"]
    assert (unfit.count, unfit.example, unfit.severity) == (1, "'ask us'", "warning")
    assert "98% of the values" in unfit.action
    assert "features" in unfit.remedy
    assert (found["words for a missing value"].count, found["words for a missing value"].example) == (
        1,
        "'n/a'",
    )


def test_many_texts_make_a_column_text_and_are_told(database):
    values, found = read(database([1, 2.5, 30.0, "red", "blue", "red"]))
    assert values == ["1", "2.5", "30", "red", "blue", "red"]
    among = found["numbers among texts"]
    assert (among.count, among.example) == (3, "'red' beside '1'")
    assert "50%" in among.action


def test_codes_beside_numbers_are_told_to_stay_text(database):
    values, found = read(database([1, 2, "007"]))
    assert values == ["1", "2", "007"]
    assert (found["numbers among texts"].count, found["numbers among texts"].example) == (3, "'1'")


def test_numbers_stored_as_text_are_told_and_a_kind_reads_them(database):
    url = database(["12,50", "7,25", None], "TEXT")
    values, found = read(url)
    assert values == ["12,50", "7,25", None]
    assert found["numbers stored as text"].count == 2
    assert found["numbers stored as text"].remedy == "set `features.products.x: number` if they are numbers"
    values, found = read(url, {"x": Kind.NUMBER})
    assert values == [12.5, 7.25, None]
    assert "numbers stored as text" not in found


@pytest.mark.parametrize(("values", "column"), [(["100", "200"], "sku"), (["a", "b"], "x"), ([1, 2], "x")])
def test_what_is_as_it_should_be_is_not_told(database, values, column):
    assert (
        read(database(values, "TEXT" if isinstance(values[0], str) else "", column), column=column)[1] == {}
    )


def test_parquet_files_of_text_are_told_too(tmp_path):
    events = {"user_id": ["a"], "product_id": ["p"], "occurred_at": [5]}
    pq.write_table(pa.table(events), tmp_path / "events.parquet")
    products = {"product_id": ["p", "q"], "x": ["1.5", "2.5"]}
    pq.write_table(pa.table(products), tmp_path / "products.parquet")
    assert read(str(tmp_path))[1]["numbers stored as text"].example == "'1.5'"


def csv_folder(folder, values):
    (folder / "events.csv").write_text("user_id,product_id,occurred_at\na,p0,5\n")
    rows = "".join(f'p{row},"{value}"\n' for row, value in enumerate(values))
    (folder / "products.csv").write_text(f"product_id,x\n{rows}")
    return str(folder)


def test_a_chosen_kind_decides_for_csv(tmp_path):
    url = csv_folder(tmp_path, [*range(40), "old"])
    assert read(url)[0] == [*range(40), None]
    assert read(url, {"x": Kind.CATEGORY}) == ([*map(str, range(40)), "old"], {})
    few = csv_folder(tmp_path, [1, "old", "older"])
    assert read(few)[0] == ["1", "old", "older"]
    assert read(few, {"x": Kind.NUMBER})[0] == [1, None, None]


def test_a_decimal_comma_holds_for_frozen_types_and_single_rows(tmp_path):
    settings = SourceSettings(url=csv_folder(tmp_path, ["1,234", "1.234"]), csv=CsvSettings(decimal=","))
    with open_source(settings) as source:
        assert source.read_table("products")["x"].to_pylist() == [1.234, 1234.0]
        assert source.read_table("products", {"x": "real"})["x"].to_pylist() == [1.234, 1234.0]
        assert source.product_rows(["p1"], {"x": "real"})["x"].to_pylist() == [1234.0]


def test_a_decimal_comma_holds_for_live_quantities(tmp_path):
    csv_folder(tmp_path, ["1"])
    (tmp_path / "events.csv").write_text('user_id,product_id,occurred_at,price\na,p0,5,"1,234"\n')
    with open_source(SourceSettings(url=str(tmp_path), csv=CsvSettings(decimal=","))) as source:
        assert source.user_events(["a"], 5)["price"].to_pylist() == [pytest.approx(1.234)]
