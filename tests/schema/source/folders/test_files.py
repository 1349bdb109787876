"""Which files are a table, and what is said of the others."""

from __future__ import annotations

import bz2

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from schema.errors import UserError
from schema.findings import Findings
from schema.source import open_source
from schema.source_settings import CsvSettings, SourceSettings, TableMapping

HEADER = "user_id,product_id,occurred_at"


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "products.csv").write_text("product_id,title\np1,tea\n")
    return tmp_path


def opened(folder, **settings):
    return open_source(SourceSettings(url=str(folder), **settings))


def parquet(path, users, **more):
    path.parent.mkdir(parents=True, exist_ok=True)
    columns = {"user_id": users, "product_id": ["p1"] * len(users), "occurred_at": [100] * len(users)}
    pq.write_table(pa.table(columns | more), path)


def kinds(source, table="events"):
    return {finding.kind: finding for finding in source.file_findings(table)}


def test_partition_folders_and_a_file_beside_them_are_one_table(folder):
    parquet(folder / "events/year=2024/month=01/part-0.parquet", ["a", "b"])
    parquet(folder / "events/year=2024/month=02/part-0.parquet", ["c"])
    parquet(folder / "events/part-9.parquet", ["d"])
    (folder / "events/_SUCCESS").write_text("")
    (folder / "events/.part-9.crc").write_text("")
    with opened(folder) as source:
        assert source.columns("events") == ["user_id", "product_id", "occurred_at", "year", "month"]
        events = source.read_events()
        assert events["user_id"].to_pylist() == ["d", "a", "b", "c"]
        assert events["month"].to_pylist() == [None, "01", "01", "02"]
        assert kinds(source)["columns that a file lacks"].example == "part-9.parquet"


def test_a_partition_may_be_a_column_of_the_contract(folder):
    parquet(folder / "events/event_type=view/a.parquet", ["a"])
    parquet(folder / "events/event_type=buy/b.parquet", ["b"])
    with opened(folder) as source:
        assert source.read_events()["event_type"].to_pylist() == ["buy", "view"]


def test_two_sources_of_one_table_are_refused_until_one_is_named(folder):
    (folder / "events.csv").write_text(f"{HEADER}\nnew,p1,2024-01-02\n")
    parquet(folder / "events.parquet", ["old"])
    with pytest.raises(UserError, match=r"more than once. Received: `events.csv` and `events.parquet`"):
        opened(folder)
    with opened(folder, tables={"events": TableMapping(table="events.csv")}) as source:
        assert source.read_events()["user_id"].to_pylist() == ["new"]
    (folder / "events.csv").unlink()
    parquet(folder / "events/a.parquet", ["x"])
    with pytest.raises(UserError, match=r"`events.parquet` and `events/`"):
        opened(folder)


@pytest.mark.parametrize(
    ("inside", "title"),
    [("_delta_log/0.json", "Delta Lake"), (".hoodie/x", "Hudi"), ("metadata/v1.metadata.json", "Iceberg")],
)
def test_table_formats_are_refused_in_one_line(folder, inside, title):
    parquet(folder / "events/a.parquet", ["x"])
    (folder / "events" / inside).parent.mkdir()
    (folder / "events" / inside).write_text("{}")
    with pytest.raises(UserError, match=rf"is a table of {title}, which is not read"):
        opened(folder)


def test_csv_and_parquet_are_not_mixed(folder):
    parquet(folder / "events/a.parquet", ["x"])
    (folder / "events/b.csv").write_text(f"{HEADER}\na,p1,5\n")
    with pytest.raises(UserError, match=r"mixes CSV and Parquet. Received: b.csv and a.parquet"):
        opened(folder)


def test_files_of_other_kinds_are_told(folder):
    parquet(folder / "events/a.parquet", ["x"])
    (folder / "events/b.xlsx").write_text("")
    (folder / "events.json").write_text("")
    with opened(folder) as source:
        found = kinds(source)["files left out"]
        assert (found.count, found.severity) == (2, "warning")


def test_parts_may_have_other_columns_in_another_order(folder):
    (folder / "events").mkdir()
    (folder / "events/a.csv").write_text(f"{HEADER}\na,p1,5\n")
    (folder / "events/b.csv").write_text("occurred_at,coupon,user_id,product_id\n6,X,b,p1\n")
    with opened(folder) as source:
        events = source.read_events()
        assert events["occurred_at"].to_pylist() == [5, 6]
        assert events["coupon"].to_pylist() == [None, "X"]
        assert kinds(source)["columns that a file lacks"].column == "coupon"


def test_a_part_without_a_header_is_named_beside_a_good_one(folder):
    (folder / "events").mkdir()
    (folder / "events/a.csv").write_text(f"{HEADER}\na,p1,5\n")
    (folder / "events/b.csv").write_text("b,p1,6\nc,p1,7\n")
    with (
        opened(folder) as source,
        pytest.raises(UserError, match=r"b.csv has no column `user_id`, which a.csv"),
    ):
        source.read_events()


def test_a_header_in_the_middle_is_left_out_and_told(folder):
    (folder / "events.csv").write_text(f"{HEADER}\na,p1,5\n{HEADER}\nb,p1,6\n")
    with opened(folder) as source:
        assert source.read_events()["user_id"].to_pylist() == ["a", "b"]
        assert kinds(source)["repeated headers"].rows_left_out == 1


def test_a_name_that_stands_twice_in_a_header_is_refused(folder):
    (folder / "events.csv").write_text(f"{HEADER},user_id\na,p1,5,b\n")
    with pytest.raises(UserError, match=r"events.csv has column `user_id` more than once"):
        opened(folder)


@pytest.mark.parametrize(("delimiter", "told"), [(";", ";"), ("\t", "tab"), ("|", "|")])
def test_delimiters_are_found_and_told(folder, delimiter, told):
    lines = [HEADER + ",price", 'a,p1,2024-01-02,"12,99"']
    text = "\n".join(lines).replace("12,99", "12@99").replace(",", delimiter).replace("@", ",")
    (folder / "events.csv").write_text(text + "\n")
    with opened(folder) as source:
        events = source.read_events()
        assert events["user_id"].to_pylist() == ["a"]
        assert events["price"].to_pylist() == [pytest.approx(12.99)]
        assert kinds(source)["delimiter"].action == f"columns are separated by `{told}`"


def test_what_stands_before_a_fraction_is_asked_where_it_could_be_both(folder):
    (folder / "events.csv").write_text(f'{HEADER},price\na,p1,5,"1,234"\n')
    with opened(folder) as source, pytest.raises(UserError, match=r"row 1: not a number.*source.csv.decimal"):
        source.read_events()
    with opened(folder, csv=CsvSettings(decimal=",")) as source:
        assert source.read_events()["price"].to_pylist() == [pytest.approx(1.234)]


def test_compressed_files_upper_case_suffixes_and_utf_16(folder):
    (folder / "events.CSV.bz2").write_bytes(bz2.compress(f"{HEADER}\na,p1,5\n".encode()))
    with opened(folder) as source:
        assert source.read_events()["user_id"].to_pylist() == ["a"]
    (folder / "events.CSV.bz2").unlink()
    (folder / "events.csv").write_bytes(f"{HEADER}\na,p1,5\n".encode("utf-16"))
    with pytest.raises(UserError, match=r"events.csv is UTF-16. Remedy: set `source.csv.encoding: utf-16`"):
        opened(folder)


def test_stock_below_zero_is_not_available_and_numbers_of_products_are_told(folder):
    rows = "".join(f'p{n},"{n},99",{n - 3}\n' for n in range(40))
    (folder / "products.csv").write_text(f"product_id,price,available\n{rows}p99,on request,1\n")
    (folder / "events.csv").write_text(f"{HEADER}\na,p1,5\n")
    with opened(folder) as source:
        source.findings = Findings()
        products = source.read_table("products")
        assert products["available"].to_pylist()[:5] == [0, 0, 0, 0, 1]
        assert products["price"].to_pylist()[-2:] == [pytest.approx(39.99), None]
        found = {finding.kind: finding for finding in source.findings.all()}
        assert found["values that are no number"].example == "'on request'"
        assert found["numbers in another form"].example == "'0,99'"


def test_a_part_of_another_type_is_named(folder):
    (folder / "events").mkdir()
    (folder / "events/a.csv").write_text(f"{HEADER},price\na,p1,5,1.5\n")
    (folder / "events/b.csv").write_text(f"{HEADER},price\nb,p1,6,cheap\n")
    with opened(folder) as source, pytest.raises(UserError, match=r"row 2: not a number.*File: .*/b.csv"):
        source.read_events()


def test_created_at_has_a_unit_too(folder):
    (folder / "products.csv").write_text("product_id,created_at\np1,1700000000123\n")
    (folder / "events.csv").write_text(f"{HEADER}\na,p1,5\n")
    with opened(folder) as source:
        assert source.read_table("products")["created_at"].to_pylist() == [1_700_000_000]
