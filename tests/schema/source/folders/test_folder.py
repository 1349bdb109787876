from __future__ import annotations

import gzip

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from schema.errors import UserError
from schema.source import open_source
from schema.source_settings import SourceSettings, TableMapping


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "events.csv").write_text(
        "user_id,product_id,occurred_at,quantity,note\n"
        '007,1,2017-01-01,2,"a, b"\n'
        '7,01,2017-01-02T00:00:00Z,,"two\nlines"\n'
        '"it\'s ""me""",1,1483228800,0.5,\n',
        encoding="utf-8",
    )
    with gzip.open(tmp_path / "products.csv.gz", "wt", encoding="utf-8") as file:
        file.write('product_id,title,size,vector\n1,Téa,2,"[1,2]"\n01,,3.5,"[3,4]"\n')
    return tmp_path


def test_csv(folder):
    with open_source(SourceSettings(url=str(folder))) as source:
        events = source.read_events()
        assert events["user_id"].to_pylist() == ["007", "7", 'it\'s "me"']
        assert events["product_id"].to_pylist() == ["1", "01", "1"]
        assert events["occurred_at"].to_pylist() == [1483228800, 1483315200, 1483228800]
        assert events["quantity"].to_pylist() == [2.0, None, 0.5]
        assert events["note"].to_pylist() == ["a, b", "two\nlines", None]
        assert source.read_table("products").to_pylist() == [
            {"product_id": "1", "title": "Téa", "size": 2.0, "vector": [1.0, 2.0]},
            {"product_id": "01", "title": None, "size": 3.5, "vector": [3.0, 4.0]},
        ]
        assert source.user_events(["007"], 5)["product_id"].to_pylist() == ["1"]
        assert sorted(source.read_events(part)["user_id"][0].as_py() for part in source.partitions(3)) == [
            "007",
            "7",
            'it\'s "me"',
        ]


def test_parts_are_read_in_the_order_of_their_names(folder):
    (folder / "events.csv").unlink()
    (folder / "events").mkdir()
    for n, name in enumerate(["b.parquet", "a.parquet"]):
        rows = {"user_id": [n], "product_id": [1], "occurred_at": pa.array([n], pa.timestamp("s"))}
        pq.write_table(pa.table(rows), folder / "events" / name)
    with open_source(SourceSettings(url=str(folder))) as source:
        assert source.read_events()["user_id"].to_pylist() == ["1", "0"]
        assert source.columns("users") == []


def test_a_query_joins_files(folder):
    pq.write_table(pa.table({"id": ["007", "7"], "country": ["FR", "DE"]}), folder / "people.parquet")
    query = (
        "SELECT e.user_id user_id, e.product_id, e.occurred_at, p.size AS price, n.country FROM events e "
        "JOIN people n ON n.id = e.user_id LEFT JOIN products p USING (product_id) ORDER BY user_id; -- end"
    )
    products = {"files": "SELECT product_id, title, CAST(size AS DOUBLE) * 2 AS twice FROM products"}
    tables = {"events": TableMapping(query=query), "products": TableMapping(query=products)}
    with open_source(SourceSettings(url=str(folder), tables=tables)) as source:
        events = source.read_events()
        assert events["user_id"].to_pylist() == ["007", "7"]
        assert events["price"].to_pylist() == [2.0, 3.5]
        assert events["country"].to_pylist() == ["FR", "DE"]
        assert events["occurred_at"].to_pylist() == [1483228800, 1483315200]
        assert source.user_events(["7"], 5)["product_id"].to_pylist() == ["01"]
        assert sum(source.read_events(part).num_rows for part in source.partitions(2)) == 2
        assert source.newest_event_time() == 1483315200
        assert source.read_table("products").to_pylist() == [
            {"product_id": "1", "title": "Téa", "twice": 4},
            {"product_id": "01", "title": None, "twice": 7},
        ]


@pytest.mark.parametrize(
    ("query", "message"),
    [
        (
            "SELECT nothing FROM events",
            r"`source.tables.events.query` cannot be run.*nothing.*`events`, `products`",
        ),
        ("SELECT user_id FROM absent", r"absent"),
        ("SELECT * FROM read_parquet('https://example.org/x.parquet')", r"httpfs"),
    ],
)
def test_a_query_that_cannot_be_run(folder, query, message):
    settings = SourceSettings(url=str(folder), tables={"events": TableMapping(query=query)})
    with pytest.raises(UserError, match=message):
        open_source(settings)


def test_a_query_that_fails_on_a_row(folder):
    query = "SELECT user_id, product_id, occurred_at, CAST(note AS INTEGER) AS n FROM events"
    with (
        open_source(SourceSettings(url=str(folder), tables={"events": TableMapping(query=query)})) as source,
        pytest.raises(UserError, match=r"Could not convert string 'a, b'"),
    ):
        source.read_events()


def test_missing_and_broken_files(folder, tmp_path):
    (folder / "products.csv.gz").unlink()
    with pytest.raises(UserError, match=r"no table `products`. Received: `events`"):
        open_source(SourceSettings(url=str(folder)))
    (folder / "products.parquet").write_text("no parquet")
    with pytest.raises(UserError, match=r"products.parquet cannot be read"):
        open_source(SourceSettings(url=str(folder)))
