"""What a product is, in a few words from its row."""

import sqlite3

from schema.features import FeatureColumn, FeatureSet, Kind
from schema.source import open_source
from schema.source_settings import SourceSettings
from serving.database.descriptions import describe_products


def features(**kinds):
    return FeatureSet(products=tuple(FeatureColumn(name=name, kind=kind) for name, kind in kinds.items()))


def described(tmp_path, *columns, ids=("1", "2", "9")):
    path = tmp_path / "shop.db"
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE events (user_id, product_id, occurred_at)")
    connection.execute(
        "CREATE TABLE products (product_id INTEGER, title TEXT, kind TEXT, colour TEXT, size REAL)"
    )
    connection.execute(
        "INSERT INTO products VALUES (1, 'Two\nlines', 'cup', 'red', 2), (2, NULL, 'jug', NULL, 3)"
    )
    connection.commit()
    with open_source(SourceSettings(url=f"sqlite:///{path}")) as source:
        return describe_products(source, features(**dict(columns)), ids)


def test_text_goes_before_categories(tmp_path):
    columns = (("kind", Kind.CATEGORY), ("title", Kind.TEXT))
    assert described(tmp_path, *columns) == {"1": "Two lines", "2": ""}


def test_categories_are_joined_and_gaps_left_out(tmp_path):
    columns = (("kind", Kind.CATEGORY), ("colour", Kind.CATEGORY), ("size", Kind.NUMBER))
    assert described(tmp_path, *columns) == {"1": "cup · red", "2": "jug"}


def test_without_such_columns_there_is_nothing_to_say(tmp_path):
    assert described(tmp_path, ("size", Kind.NUMBER)) == {}
