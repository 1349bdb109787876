"""The catalog as a stream, held to the whole tables in memory."""

import json
import random
import sqlite3
from contextlib import closing
from types import SimpleNamespace

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import tensorflow as tf

from components.product_example_gen import catalog
from schema.errors import UserError
from schema.features import FeatureColumn, FeatureSet, Kind, types_of
from schema.source import PRODUCTS, open_source
from schema.source.databases import sqlite as sqlite_reader
from schema.source_settings import SourceSettings

FEATURES = FeatureSet(
    products=(
        FeatureColumn(name="size", kind=Kind.NUMBER, type="integer"),
        FeatureColumn(name="brand", kind=Kind.CATEGORY, type="text"),
        FeatureColumn(name="image", kind=Kind.EMBEDDING, dim=2, type="vector"),
    )
)
IDS = ["10", "9", "b", "B", "\u00e9", "\U0001f600", "\uffee", "a", "p 1", "z"]
"""Their order by bytes is neither that of numbers nor that of UTF-16."""


@pytest.fixture
def many_batches(monkeypatch):
    """So few rows at a time that every table has many batches."""
    monkeypatch.setattr(sqlite_reader, "_ARROW_BATCH_ROWS", 3)
    monkeypatch.setattr(catalog, "_ROWS_AT_ONCE", 2)


@pytest.fixture
def make_job(tmp_path):
    def make(products, *parts, columns="product_id TEXT, size INTEGER, brand TEXT, image TEXT"):
        with closing(sqlite3.connect(tmp_path / "shop.db")) as connection:
            connection.execute(f"CREATE TABLE products ({columns})")
            connection.execute("CREATE TABLE events (user_id TEXT, product_id TEXT, occurred_at INTEGER)")
            marks = ", ".join("?" * (columns.count(",") + 1))
            connection.executemany(f"INSERT INTO products VALUES ({marks})", products)
            connection.commit()
        interactions = tmp_path / "interactions"
        interactions.mkdir()
        for number, part in enumerate(parts):
            table = pa.table({"product_id": pa.array(part, pa.string())})
            pq.write_table(table, interactions / f"part-{number:05d}.parquet")
        settings = SourceSettings(url=f"sqlite:///{tmp_path / 'shop.db'}")
        return SimpleNamespace(
            settings=SimpleNamespace(features=FEATURES),
            split_directories={"catalog": str(tmp_path / "catalog")},
            interactions=str(interactions),
            open_source=lambda: open_source(settings),
        )

    return make


def written(job):
    """Rows of the catalog: (id, size, brand, image), each value None where it is missing."""
    files = tf.io.gfile.glob(f"{job.split_directories['catalog']}/*")
    rows = []
    for record in tf.data.TFRecordDataset(files, compression_type="GZIP"):
        features = tf.train.Example.FromString(record.numpy()).features.feature
        values = []
        for name in ("product_id", "product__size", "product__brand", "product__image"):
            kind = features[name].WhichOneof("kind")
            values.append(tuple(getattr(features[name], kind).value) if kind else None)
        rows.append(tuple(values))
    return rows


def row_of(product, size=None, brand=None, image=None):
    return (
        (product.encode(),),
        None if size is None else (float(size),),
        None if brand is None else (brand.encode(),),
        None if image is None else tuple(map(float, image)),
    )


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_rows_by_id_and_after_them_nothing_but_ids_of_what_was_sold(many_batches, make_job, seed):
    draw = random.Random(seed)
    listed = draw.sample(IDS, 7)
    products = [
        (product, draw.choice([None, 3]), draw.choice([None, "x"]), draw.choice([None, [1, 2]]))
        for product in listed
    ]
    parts = [[draw.choice(IDS) for _ in range(6)] for _ in range(3)]
    job = make_job([(*row[:3], row[3] and json.dumps(row[3])) for row in products], *parts)

    summary = catalog.write_catalog(job)

    known = {row[0]: row_of(*row) for row in products}
    named = {product for part in parts for product in part}
    expected = [known.get(product, row_of(product)) for product in sorted(named | set(listed))]
    assert written(job) == expected
    assert summary == catalog.CatalogSummary(len(expected), sorted(named - set(listed)))


def test_two_rows_of_one_product_stay_in_the_order_of_the_table(many_batches, make_job):
    products = [("p", size, None, None) for size in (5, 1, 4, 2, 3)]
    job = make_job([("q", 9, None, None), *products, ("a", 8, None, None)])
    catalog.write_catalog(job)
    assert [row[1] for row in written(job)] == [(8.0,), (5.0,), (1.0,), (4.0,), (2.0,), (3.0,), (9.0,)]


def test_without_rows_of_products_nothing_is_an_orphan(make_job):
    job = make_job([], ["b", "a", "b"])
    assert catalog.write_catalog(job) == catalog.CatalogSummary(2, [])
    assert written(job) == [row_of("a"), row_of("b")]


def test_a_column_that_is_gone_is_named(make_job):
    job = make_job([("p", 1, "x")], columns="product_id TEXT, size INTEGER, brand TEXT")
    with pytest.raises(UserError, match="Table `products` has no column `image`"):
        catalog.write_catalog(job)


def test_a_flag_that_is_none_is_named_by_its_row(many_batches, make_job):
    columns = "product_id TEXT, size INTEGER, brand TEXT, image TEXT, available TEXT"
    flags = ["yes"] * 4 + ["perhaps"]
    job = make_job([(f"p{n}", 1, "x", "[1, 2]", flag) for n, flag in enumerate(flags)], columns=columns)
    with pytest.raises(UserError, match=r"column `available`, row 5: neither 0 nor 1\. Received: 'perhaps'"):
        catalog.write_catalog(job)


def test_a_schema_of_before_is_read_whole_which_is_said(many_batches, make_job, caplog):
    """Whether a column is numbers is told by all of its values: `a` stands behind two batches of numbers."""
    job = make_job([(f"p{number}", 1, brand, None) for number, brand in enumerate("0123456a")])
    columns = [column.model_copy(update={"type": None}) for column in FEATURES.products]
    job.settings.features = FeatureSet(products=tuple(columns[1:2]))
    with caplog.at_level("WARNING"):
        catalog.write_catalog(job)
    assert [row[2] for row in written(job)] == [(digit.encode(),) for digit in "0123456a"]
    assert "whole table of products is held in memory: the frozen schema has no types of brand" in caplog.text


def test_batches_of_the_reader_are_the_whole_table(many_batches, make_job):
    products = [(product, number, None, None) for number, product in enumerate(IDS)]
    types = types_of(FEATURES.products)
    with make_job(products).open_source() as source:
        batches = list(source.product_batches(types))
        assert max(batch.num_rows for batch in batches) <= 3
        assert pa.concat_tables(batches).equals(source.read_table(PRODUCTS, types))
