"""Parquet files of one table that do not agree about a column."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from schema.errors import UserError
from schema.source import open_source
from schema.source_settings import SourceSettings


@pytest.fixture
def opened(tmp_path):
    """`opened(first, second, ...)` -> the source whose events are these parts: columns beside the ids."""

    def open_(*parts, folder="events"):
        for number, columns in enumerate(parts):
            rows = len(next(iter(columns.values()))) if columns else 1
            whole = {"user_id": ["u"] * rows, "product_id": ["p"] * rows, "occurred_at": [5 + number] * rows}
            path = tmp_path / folder / f"{number}.parquet"
            path.parent.mkdir(parents=True, exist_ok=True)
            pq.write_table(pa.table(whole | columns), path)
        pq.write_table(pa.table({"product_id": ["p"]}), tmp_path / "products.parquet")
        return open_source(SourceSettings(url=str(tmp_path)))

    return open_


def test_ids_of_several_types_are_text(opened):
    with opened({"user_id": [7]}, {"user_id": ["7", "x"]}, {"user_id": [8.0]}) as source:
        assert source.read_events()["user_id"].to_pylist() == ["7", "7", "x", "8"]
        parts = [source.read_events(part)["user_id"].to_pylist() for part in source.partitions(9)]
        assert sorted(user for part in parts for user in part) == ["7", "7", "8", "x"]
        assert source.user_events(["7"], 9)["occurred_at"].to_pylist() == [5, 6]


def test_a_column_that_a_part_lacks_is_missing_whatever_its_type(opened):
    with opened({"price": [1.5]}, {}, {"price": [2.5]}) as source:
        (part,) = source.partitions(1)
        assert source.read_events(part)["price"].to_pylist() == [1.5, None, 2.5]


def test_numbers_of_several_widths_are_one(opened):
    with opened({"quantity": [1]}, {"quantity": [2.5]}) as source:
        (part,) = source.partitions(1)
        assert source.read_events(part)["quantity"].to_pylist() == [1.0, 2.5]


@pytest.mark.parametrize(
    ("second", "told"),
    [
        ({"price": ["1.5"]}, "1.parquet has column `price` as string, and 0.parquet as double"),
        ({"price": [[1.5]]}, "1.parquet has column `price` as list"),
        ({"price": [b"x"]}, "1.parquet has column `price` as binary"),
        ({"occurred_at": pa.array([5], pa.timestamp("s"))}, "`occurred_at` as timestamp"),
    ],
)
def test_other_columns_of_several_types_are_refused_with_both_files(opened, second, told):
    with opened({"price": [1.5]}, second) as source, pytest.raises(UserError, match=told) as error:
        source.read_events()
    assert "0.parquet" in str(error.value)


def test_a_column_here_and_a_folder_there_are_refused(opened, tmp_path):
    opened({"price": [1.5]}).close()
    source = opened({}, folder="events/price=7")
    with source, pytest.raises(UserError, match=r"has column `price` as (string|double)"):
        source.read_events()


def test_a_name_that_is_there_twice_is_refused(tmp_path):
    arrays = [pa.array(["u"]), pa.array(["u"]), pa.array(["p"]), pa.array([5])]
    names = ["user_id", "user_id", "product_id", "occurred_at"]
    pq.write_table(pa.Table.from_arrays(arrays, names=names), tmp_path / "events.parquet")
    pq.write_table(pa.table({"product_id": ["p"]}), tmp_path / "products.parquet")
    with pytest.raises(UserError, match=r"events.parquet has column `user_id` more than once"):
        open_source(SourceSettings(url=str(tmp_path)))


def test_lists_are_no_numbers_and_infinite_ones_are_missing(opened):
    with opened({"quantity": [[1]]}) as source, pytest.raises(UserError, match=r"`quantity` holds lists"):
        source.read_events()
    with opened({"quantity": [float("inf"), 2.0]}) as source:
        assert source.read_events()["quantity"].to_pylist() == [None, 2.0]
        assert source.user_events(["u"], 9)["quantity"].to_pylist() == [None, 2.0]
