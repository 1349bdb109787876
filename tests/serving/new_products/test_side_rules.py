"""What rules leave of new products: n1 is red and small, n2 blue and large, n3 of unknown colour."""

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from schema import names
from schema.features import FeatureColumn, FeatureSet
from schema.rules import Rule
from schema.served.request import Query
from serving.model.catalogue import Catalogue
from serving.new_products.side_rules import permitted

NEW = {
    "n1": {"colour": "red", "size": 1.0},
    "n2": {"colour": "blue", "size": 9.0},
    "n3": {"size": 5.0},
}
ULM = {"users": {"town": "Ulm"}}


USERS = FeatureSet(
    users=(
        FeatureColumn(name="town", kind="category"),
        FeatureColumn(name="age", kind="number"),
        FeatureColumn(name="income", kind="category"),
    )
)


def allowed(new, listed, rules, query, catalogue):
    return permitted(new, listed, [Rule.parse(rule) for rule in rules], query, USERS, catalogue)


@pytest.fixture(scope="module")
def catalogue(tmp_path_factory):
    folder = tmp_path_factory.mktemp("version") / "7"
    path = folder / names.SERVED_PRODUCTS
    path.parent.mkdir(parents=True)
    table = {
        "product_id": ["a", "b", "c"],
        "product__colour": ["red", "red", None],
        "product__size": [1.0, 2.0, 3.0],
    }
    pq.write_table(pa.table(table), path)
    return Catalogue(folder).extended(NEW)


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        ([], ["n1", "n2", "n3"]),
        ([{"action": "never", "where": {"colour": "red"}}], ["n2", "n3"]),
        (
            [{"action": "never", "where": {"colour": "red", "size": {"at_least": 2, "below": None}}}],
            list(NEW),
        ),
        ([{"action": "only", "where": {"colour": ["red", "blue"]}}], ["n1", "n2"]),
        ([{"action": "only", "where": {"size": {"at_least": None, "below": 6.0}}}], ["n1", "n3"]),
        ([{"action": "never", "where": {"colour": "red"}, **ULM}], ["n2", "n3"]),
        ([{"action": "never", "where": {"size": {"at_least": 0.7, "below": 2}}}], ["n2", "n3"]),
        ([{"action": "never", "where": {"colour": "red"}, "users": {"income": 4.0}}], ["n2", "n3"]),
        ([{"action": "never", "where": {"product_id": ["n1", 7.0]}}], ["n2", "n3"]),
        ([{"action": "never", "where": {"colour": "red"}, "users": {"town": "Bonn"}}], list(NEW)),
        ([{"action": "never", "where": {"colour": "red"}, "users": {"income": 3}}], list(NEW)),
        (
            [{"action": "never", "where": {"size": 9}, "users": {"age": {"at_least": 30, "below": 50}}}],
            ["n1", "n3"],
        ),
        ([{"action": "never", "where": {"size": 9}, "users": {"user_id": ["u", "v"]}}], ["n1", "n3"]),
        (
            [{"action": "boost", "where": {"colour": "red"}}, {"action": "pin", "where": {"size": 1}}],
            list(NEW),
        ),
        # Two red ones are listed; of blue there is room for one, and what has no colour is not counted.
        ([{"action": "at_most", "of": "colour", "count": 1}], ["n2", "n3"]),
        ([{"action": "at_most", "of": "colour", "count": 2}], ["n2", "n3"]),
        ([{"action": "at_most", "of": "colour", "count": 3}], list(NEW)),
    ],
)
def test_rules_keep_new_products_out(catalogue, rules, expected):
    query = Query("u", 1, features={"town": "Ulm", "age": 40.0, "income": 4})
    assert allowed(list(NEW), ["a", "b", "c"], rules, query, catalogue) == expected


def test_a_limit_counts_the_new_ones_that_joined_before(catalogue):
    more = catalogue.extended({"n4": {"colour": "blue"}})
    rules = [{"action": "at_most", "of": "colour", "count": 1}]
    assert allowed(["n2", "n4"], [], rules, Query("u", 1), more) == ["n2"]


def test_at_most_counts_every_tag_and_whole_paths(tmp_path):
    path = tmp_path / "7" / names.SERVED_PRODUCTS
    path.parent.mkdir(parents=True)
    lists = {"tags": [["new"]], "path": [["Food", "Food/Tea"]]}
    table = {f"product__{name}": pa.array(rows, pa.list_(pa.string())) for name, rows in lists.items()}
    pq.write_table(pa.table({"product_id": ["a"], **table}), path)
    new = {
        "n1": {"tags": ["new", "sale"], "path": ["Food", "Food/Jam"]},
        "n2": {"tags": ["sale"], "path": ["Food", "Food/Tea"]},
        "n3": {"tags": ["sale", "old"]},
    }
    catalogue = Catalogue(tmp_path / "7").extended(new)
    features = FeatureSet(
        products=(
            FeatureColumn(name="tags", kind="set"),
            FeatureColumn(name="path", kind="hierarchy", levels="/"),
        ),
        users=(FeatureColumn(name="likes", kind="set", separator=","),),
    )

    def left(query=None, **rule):
        query = query or Query("u", 0)
        return permitted(list(new), ["a"], [Rule.parse(rule)], query, features, catalogue)

    assert left(action="at_most", of="tags", count=1) == ["n2"]
    assert left(action="at_most", of="path", count=1) == ["n1", "n3"]
    assert left(action="never", where={"path": "Food"}) == ["n3"]
    assert left(action="only", where={"tags": "old"}, users={"likes": "tea"}) == list(new)
    of_tea = Query("u", 0, features={"likes": "jam, tea"})
    assert left(of_tea, action="only", where={"tags": "old"}, users={"likes": "tea"}) == ["n3"]
