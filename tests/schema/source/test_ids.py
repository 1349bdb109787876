"""One form of ids on every way."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from schema.source import open_source
from schema.source.ids import canonical_id, canonical_ids, is_integer_text
from schema.source_settings import SourceSettings

UUID = "a1b2c3d4-0000-4000-8000-00000000000f"


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("17000.0", "17000"),
        ("-3.00", "-3"),
        ("1.10", "1.10"),
        ("007", "007"),
        (" 42\r", "42"),
        (UUID.upper(), UUID),
        (f"{{{UUID.upper()}}}", UUID),
        ("²", "²"),
        ("--5", "--5"),
        ("\ud800", "?"),
        ("", ""),
        ("1e5", "1e5"),
    ],
)
def test_text(given, expected):
    assert canonical_id(given) == expected


@pytest.mark.parametrize("text", ["²", "①", "--5", "+5", "007", "-0", "5.0", "", "٣", " 5"])
def test_what_databases_do_not_write_is_no_integer(text):
    assert not is_integer_text(text)


def test_types_of_files():
    big = 123456789012345678
    assert canonical_ids(pa.array([big, big + 1], pa.decimal128(38, 0))).to_pylist() == [
        "123456789012345678",
        "123456789012345679",
    ]
    assert canonical_ids(pa.array([2**64 - 1], pa.uint64())).to_pylist() == ["18446744073709551615"]
    assert canonical_ids(pa.array([bytes(range(200, 216))], pa.binary(16))).to_pylist() == [
        "c8c9cacbcccdcecfd0d1d2d3d4d5d6d7"
    ]
    assert canonical_ids(pa.array([7.0, 1.5, None, float("nan")])).to_pylist() == ["7", "1.5", None, None]


def write(folder, users, events):
    (folder / "users.csv").write_text("user_id,plan\n" + "".join(f"{user},x\n" for user in users))
    rows = "".join(f"{user},p1,2024-01-0{row + 1}\n" for row, user in enumerate(events))
    (folder / "events.csv").write_text("user_id,product_id,occurred_at\n" + rows)
    (folder / "products.csv").write_text("product_id,title\np1,tea\n")
    return open_source(SourceSettings(url=str(folder)))


def test_forms_of_one_id_meet(tmp_path):
    with write(tmp_path, ["17000", "18000"], ["17000.0", "17000 ", "18000"]) as source:
        assert source.read_events()["user_id"].to_pylist() == ["17000", "17000", "18000"]
        assert source.read_table("users")["user_id"].to_pylist() == ["17000", "18000"]
        for asked in ("17000", "17000.0", " 17000"):
            assert source.user_events([asked], 9).num_rows == 2
            assert source.user_rows([asked])["user_id"].to_pylist() == ["17000"]


def test_long_decimals_stay_apart_in_parquet(tmp_path):
    ids = pa.array([100000000000000000 + row for row in range(120)], pa.decimal128(38, 0))
    columns = {"user_id": ids, "product_id": ["p"] * 120, "occurred_at": list(range(120))}
    pq.write_table(pa.table(columns), tmp_path / "events.parquet")
    pq.write_table(pa.table({"product_id": ["p"]}), tmp_path / "products.parquet")
    with open_source(SourceSettings(url=str(tmp_path))) as source:
        assert len(set(source.read_events()["user_id"].to_pylist())) == 120
        assert source.user_events(["100000000000000007"], 5)["occurred_at"].to_pylist() == [7]
