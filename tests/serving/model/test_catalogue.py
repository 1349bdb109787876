"""Look-ups in a small table of products."""

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from schema import names
from schema.errors import UserError
from schema.rules import Range
from serving.model.catalogue import Catalogue
from serving.model.conditions import Not


@pytest.fixture(scope="module")
def catalogue(tmp_path_factory):
    folder = tmp_path_factory.mktemp("version") / "7"
    path = folder / names.SERVED_PRODUCTS
    path.parent.mkdir(parents=True)
    rows = pa.table(
        {
            "product_id": ["a", "b", "c", "d"],
            "product__colour": ["red", "red", "blue", None],
            "product__size": pa.array([1.0, 2.0, 1.0, float("nan")]),
            "product__code": ["3", "4", "True", "None"],
        }
    )
    pq.write_table(rows, path)
    return Catalogue(folder)


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ({"colour": "red"}, "ab"),
        ({"colour": ("red", "blue")}, "abc"),
        ({"size": 1}, "ac"),
        ({"size": "1"}, "ac"),
        ({"size": True}, "ac"),
        ({"size": ("2", "large", 10**400)}, "b"),
        ({"size": Range(at_least=1, below=2)}, "ac"),
        ({"size": Range(at_least=2)}, "b"),
        ({"size": Range(below=2)}, "ac"),
        ({"colour": Range(at_least=1)}, ""),
        ({"colour": "None"}, ""),
        ({"code": 3}, "a"),
        ({"code": 3.0}, "a"),
        ({"code": True}, "c"),
        ({"code": "None"}, "d"),  # the text, not what is missing
        ({"weight": 1}, ""),
        ({"colour": Not(condition="red")}, "cd"),  # what is missing is not red
        ({"colour": Not(condition=("red", "blue"))}, "d"),
        ({"size": Not(condition=Range(below=2))}, "bd"),
        ({"size": Not(condition=(2, Range(below=1.5)))}, "d"),
        ({"size": (Range(below=1), Range(at_least=2))}, "b"),
        ({"size": (1, Range(at_least=2))}, "abc"),
        ({"colour": ("blue", Not(condition=("red", "blue")))}, "cd"),
    ],
)
def test_what_has_a_value(catalogue, wanted, expected):
    met = catalogue.met(wanted)
    assert "".join(name for name, count in zip("abcd", met, strict=True) if count) == expected


def test_an_id_is_a_value_too(catalogue):
    wanted = {"product_id": Not(condition=("a", "z"))}
    assert catalogue.have(["a", "b", "z"], wanted).tolist() == [False, True, False]


def test_what_has_any_value(catalogue):
    assert catalogue.described().all()
    assert catalogue.extended({"bare": {}}).described().tolist()[-1] is False


def test_values_are_counted(catalogue):
    assert catalogue.met({"colour": "red", "size": 1}).tolist() == [2, 1, 1, 0]
    assert catalogue.met({}).tolist() == [0, 0, 0, 0]


def test_places_and_categories(catalogue):
    places = catalogue.rows(["c", "nothing", "a"])
    assert places.tolist() == [2, -1, 0]
    codes = catalogue.categories(["colour", "size", "nothing"], catalogue.rows(["a", "b", "c", "d"]))
    assert codes.shape == (4, 1, 1)  # numbers are no categories
    assert codes[0] == codes[1] != codes[2] and codes[3] == -1


def test_an_older_model_has_no_table(tmp_path):
    with pytest.raises(UserError, match="pushed without its table of products"):
        Catalogue(tmp_path / "6")


def test_further_products_stand_below_the_models_own(catalogue):
    more = catalogue.extended({"new": {"colour": "red", "size": 2.5}, "odd": {"colour": "never seen"}})
    size = catalogue.num_products
    assert more.num_products == size + 2 and catalogue.num_products == size
    assert more.rows(["new", "odd", "nobody"]).tolist() == [size, size + 1, -1]
    assert more.met({"colour": "red"}).tolist() == [*catalogue.met({"colour": "red"}).tolist(), 1, 0]
    assert more.met({"colour": "never seen"})[size:].tolist() == [0, 1]
    assert more.met({"size": Range(at_least=2, below=3)})[size:].tolist() == [1, 0]
    assert not catalogue.met({"colour": "never seen"}).any()


@pytest.fixture(scope="module")
def of_sets(tmp_path_factory):
    folder = tmp_path_factory.mktemp("version") / "7"
    path = folder / names.SERVED_PRODUCTS
    path.parent.mkdir(parents=True)
    tags = pa.array([["new", "sale"], None, ["sale"]], pa.list_(pa.string()))
    pq.write_table(pa.table({"product_id": ["a", "b", "c"], "product__tags": tags}), path)
    return Catalogue(folder)


def test_sets_have_any_of_their_members(of_sets):
    assert of_sets.met({"tags": "sale"}).tolist() == [1, 0, 1]
    assert of_sets.met({"tags": ("new", "old")}).tolist() == [1, 0, 0]
    assert of_sets.met({"tags": Not(condition="new")}).tolist() == [0, 1, 1]
    assert of_sets.have(["c", "a"], {"tags": "new"}).tolist() == [False, True]
    assert of_sets.values("a", "tags") == ("new", "sale") and of_sets.values("b", "tags") == ()
    assert of_sets.described().tolist() == [True, False, True]


def test_further_products_have_sets_of_any_size(of_sets):
    more = of_sets.extended({"d": {"tags": ["x", "sale", "y"]}, "e": {}})
    assert more.met({"tags": "sale"}).tolist() == [1, 0, 1, 1, 0]
    assert more.values("d", "tags") == ("x", "sale", "y") and more.values("e", "tags") == ()
    assert more.categories(["tags"], more.rows(["a", "d"])).shape == (2, 1, 3)
    assert of_sets.met({"tags": "x"}).tolist() == [0, 0, 0]
