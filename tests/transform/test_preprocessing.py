"""The preprocessing graph is run, on rows made to be awkward, and looked up again in its vocabularies."""

from __future__ import annotations

import math

import numpy as np
import pytest

from schema.features import FeatureColumn, FeatureSet, Kind

KINDS = (
    FeatureColumn(name="word", kind=Kind.CATEGORY),
    FeatureColumn(name="size", kind=Kind.NUMBER),
    FeatureColumn(name="title", kind=Kind.TEXT),
    FeatureColumn(name="vector", kind=Kind.EMBEDDING, dim=2),
    FeatureColumn(name="note", kind=Kind.IGNORE),
    FeatureColumn(name="tags", kind=Kind.SET, separator="|"),
    FeatureColumn(name="path", kind=Kind.HIERARCHY, levels="/"),
)
NEVER = tuple(
    FeatureColumn(name=f"never_{kind}", kind=kind)
    for kind in (Kind.CATEGORY, Kind.NUMBER, Kind.TEXT, Kind.EMBEDDING, Kind.SET)
)
SKEWED = FeatureColumn(name="skewed", kind=Kind.NUMBER)
FEATURES = FeatureSet(users=(*KINDS, *NEVER, SKEWED), products=KINDS, event_types=("purchase", "view"))
MISSING, UNSEEN, FIRST = 0, 1, 2

ODD_IDS = [
    "p 1",
    "007",
    "7",
    "q\"uo'te",
    "größe",
    "日本",
    "🧀",
    "line\nend",
    "car\rriage",
    "tab\tstop",
    " edge ",
    "NULL",
]
TITLES = ["Red Cheese", "red, WINE!", "blue cheese-cake", "Äpfel äpfel", "日本 茶"]


def product(number, **values):
    row = {
        "product_id": [ODD_IDS[number]],
        "product__word": ["même" if number % 2 else "plain"],
        "product__size": [float(number)],
        "product__title": [TITLES[number % len(TITLES)]],
        "product__vector": [0.5, float(number)],
        "product__tags": ["new", "old"][: number % 3],
        "product__path": ["food", f"food/{number % 2}"],
    }
    return row | {f"product__{name}": value for name, value in values.items()}


def query(user="u1", products=(), types=None, targets=("p 1",), **values):
    row = {"user_id": [user], "query_time": [1000], "query_kind": ["window"], "target_end": [2000]}
    if products:
        row["history_product_id"] = list(products)
        row["history_time"] = list(range(100, 100 + len(products)))
        row["history_event_type"] = list(types or ["purchase"] * len(products))
    row |= {"target_product_id": list(targets), "target_weight": [1.0] * len(targets)}
    return row | {f"user__{name}": value for name, value in values.items()}


CATALOG = [product(number) for number in range(len(ODD_IDS))]
TRAIN = [
    query("u1", ODD_IDS, word=["tall"], size=[1.0], title=["some words"], vector=[1.0, 2.0]),
    query("ü 2", ["p 1"], word=["tall"], size=[2.0], title=["other words"]),
    query("u3", word=["small"], size=[3.0]),
]
SKEWED_ROWS = [{"user__skewed": [float(x)]} for x in np.exp(np.random.default_rng(0).normal(0, 4, 640))]
LATER = {
    "unseen": query(
        "new user",
        ["no such product", "7", ""],
        ["cart", "view", "purchase"],
        ["no such product", "007"],
        word=["unheard"],
        size=[1e9],
        title=["zyzzyva words"],
        vector=[3.0, 4.0],
    ),
    "missing": query("u1"),
    "empty": query("u1", word=[""], title=[""]),
    "nan": query("u1", size=[math.nan], vector=[math.nan, 5.0]),
    "infinite": query("u1", size=[math.inf], vector=[math.inf, 5.0]),
    "least": query("u1", size=[-1e9]),
    "odd": query("ü 2", list(reversed(ODD_IDS)), word=["tall"]),
}
LATER_PRODUCTS = {
    "unseen": product(0, word=["never"], size=[-5.0], title=["never heard"]) | {"product_id": ["new"]},
    "bare": {"product_id": ["007"]},
    "other": product(0, tags=["old", "never"]),
    "hidden": {"product_id": ["7"], "available": [0]},
}


@pytest.fixture(scope="module")
def transformed(tmp_path_factory, transform_rows):
    """The transform output and rows of each split: lists for train and catalog, else by their names."""
    directory = tmp_path_factory.mktemp("transform")
    splits = {
        "train": TRAIN,
        "catalog": CATALOG,
        "eval": list(LATER.values()),
        "test": list(LATER_PRODUCTS.values()),
        "skewed": SKEWED_ROWS,
    }
    output, read = transform_rows(directory, FEATURES, splits, ("train", "catalog", "skewed"))
    later = dict(zip(LATER, read("eval"), strict=True))
    products = dict(zip(LATER_PRODUCTS, read("test"), strict=True))
    found = {name: read(name) for name in ("train", "catalog", "skewed")}
    return output, found | {"later": later, "products": products}


@pytest.fixture
def rows(transformed):
    return transformed[1]


@pytest.fixture
def later(rows):
    return rows["later"]


@pytest.fixture
def vocabulary(transformed):
    """Entry -> index, for a vocabulary of the graph."""

    def read(name):
        entries = transformed[0].vocabulary_by_name(name)
        return {entry.decode(): index for index, entry in enumerate(entries)}

    return read


def test_each_product_has_an_index_of_its_own(rows):
    indices = [row["product_index"][0] for row in rows["catalog"]]
    assert sorted(indices) == list(range(len(ODD_IDS)))


def test_ids_stand_in_the_vocabulary_as_they_are_but_for_line_ends(vocabulary):
    shown = [text.replace("\n", "␤").replace("\r", "␍") for text in ODD_IDS]
    assert sorted(vocabulary("product_id")) == sorted(shown)


def test_the_index_of_a_product_is_its_line_in_the_vocabulary(rows, vocabulary):
    lines = vocabulary("product_id")
    for row in rows["catalog"]:
        shown = row["product_id"][0].decode().replace("\n", "␤").replace("\r", "␍")
        assert row["product_index"] == [lines[shown]]


def test_history_and_targets_have_the_indices_of_the_catalog(rows):
    by_id = {row["product_id"][0].decode(): row["product_index"][0] for row in rows["catalog"]}
    assert rows["train"][0]["history_index"] == [by_id[text] for text in ODD_IDS]
    assert rows["train"][0]["target_index"] == [by_id["p 1"]]
    assert rows["later"]["odd"]["history_index"] == [by_id[text] for text in reversed(ODD_IDS)]


def test_numbers_with_and_without_leading_zeros_differ(vocabulary):
    assert vocabulary("product_id")["007"] != vocabulary("product_id")["7"]


def test_unknown_products_are_minus_one_and_keep_their_place(later, vocabulary):
    lines = vocabulary("product_id")
    assert later["unseen"]["history_index"] == [-1, lines["7"], -1]
    assert later["unseen"]["target_index"] == [-1, lines["007"]]
    assert later["unseen"]["history_time"] == [100, 101, 102]


def test_products_that_only_later_rows_name_are_unknown(rows):
    assert rows["products"]["unseen"]["product_index"] == [-1]


def test_types_of_events_are_positions_in_the_frozen_list(later):
    assert later["unseen"]["history_type"] == [-1, 1, 0]


def test_an_empty_history_stays_empty(later):
    assert later["missing"].get("history_index", []) == []
    assert later["missing"].get("history_type", []) == []


def test_known_users_have_an_index_and_others_minus_one(later, vocabulary):
    lines = vocabulary("user_id")
    assert sorted(lines) == ["u1", "u3", "ü 2"]
    assert later["odd"]["user_index"] == [lines["ü 2"]]
    assert later["unseen"]["user_index"] == [-1]


def test_ids_and_times_are_copied(later):
    row = later["unseen"]
    assert (row["user_id"], row["query_kind"]) == ([b"new user"], [b"window"])
    assert (row["query_time"], row["target_end"]) == ([1000], [2000])
    assert row["target_weight"] == [1.0, 1.0]


def test_query_rows_carry_nothing_of_the_catalog(later):
    full = {name for name, values in later["unseen"].items() if values}
    assert not {name for name in full if name.startswith("product") or name == "available"}


def test_catalog_rows_carry_nothing_of_queries(rows):
    full = {name for name, values in rows["catalog"][0].items() if values}
    assert not {name for name in full if name.startswith(("user", "query", "history", "target"))}


def test_ignored_columns_are_no_features(rows):
    assert not {name for name in rows["catalog"][0] if name.endswith("__note")}


def test_categories_start_at_two_the_most_frequent_first(rows):
    # "tall" is named twice in training and "small" once.
    assert [row["user__word"] for row in rows["train"]] == [[FIRST], [FIRST], [FIRST + 1]]


def test_an_unseen_category_is_one(later, rows):
    assert later["unseen"]["user__word"] == [UNSEEN]
    assert rows["products"]["unseen"]["product__word"] == [UNSEEN]


def test_an_empty_category_is_missing(later):
    assert later["empty"]["user__word"] == [MISSING]


def test_an_absent_value_has_no_index(later):
    for name in ("user__word", "user__size", "user__title", "user__vector"):
        assert later["missing"].get(name, []) == []


def test_members_of_sets_and_paths_are_categories(rows, vocabulary, later):
    # Of twelve products eight are new and four of them old too; all are food.
    assert list(vocabulary("product__tags")) == ["new", "old"]
    assert [row.get("product__tags", []) for row in rows["catalog"][:3]] == [[], [FIRST], [FIRST, FIRST + 1]]
    food, even = FIRST, FIRST + vocabulary("product__path")["food/0"]
    assert rows["catalog"][2]["product__path"] == [food, even]
    assert rows["products"]["other"]["product__tags"] == [FIRST + 1, UNSEEN]
    assert rows["products"]["bare"].get("product__path", []) == []
    assert later["unseen"].get("user__tags", []) == []


def test_no_number_is_missing_too(later):
    assert later["nan"].get("user__size", []) == []
    assert later["infinite"].get("user__size", []) == []


def test_numbers_are_bucketised_in_their_order(rows):
    by_size = [row["product__size"][0] for row in rows["catalog"]]
    assert by_size == sorted(by_size)
    assert by_size[0] >= FIRST
    assert by_size[-1] > by_size[0]


def test_numbers_beyond_the_range_fall_into_the_outer_buckets(later, rows):
    seen = [row["user__size"][0] for row in rows["train"]]
    assert later["unseen"]["user__size"][0] >= max(seen)
    assert FIRST <= later["least"]["user__size"][0] <= min(seen)


def test_no_bucket_is_beyond_the_embedding_table(later):
    assert later["unseen"]["user__size"][0] < FIRST + 16


def test_quantile_buckets_hold_alike_many_values_whatever_the_skew(rows):
    buckets = np.array([row["user__skewed"][0] for row in rows["skewed"]])
    counts = np.bincount(buckets, minlength=FIRST + 16)
    assert (counts[:FIRST] == 0).all()
    np.testing.assert_allclose(counts[FIRST:], 640 / 16, atol=4)


def test_words_are_compared_without_case_and_punctuation(rows, vocabulary):
    words = vocabulary("product__title")
    assert {"red", "cheese", "wine", "blue", "cake", "äpfel", "日本", "茶"} == set(words)
    assert rows["catalog"][1]["product__title"] == [words["red"], words["wine"]]
    assert rows["catalog"][2]["product__title"] == [words["blue"], words["cheese"], words["cake"]]


def test_a_repeated_word_counts_each_time(rows, vocabulary):
    words = vocabulary("product__title")
    assert rows["catalog"][3]["product__title"] == [words["äpfel"]] * 2


def test_unseen_words_are_hashed_beyond_the_vocabulary(later, vocabulary):
    words = vocabulary("user__title")
    unseen, seen = later["unseen"]["user__title"]
    assert seen == words["words"]
    assert len(words) <= unseen < len(words) + 256


def test_an_empty_text_has_no_words(later):
    assert later["empty"].get("user__title", []) == []


def test_embeddings_are_as_given_and_what_is_no_number_is_zero(later):
    assert later["unseen"]["user__vector"] == [3.0, 4.0]
    assert later["nan"]["user__vector"] == [0.0, 5.0]
    assert later["infinite"]["user__vector"] == [0.0, 5.0]


def test_availability_is_copied_and_absent_where_unknown(rows):
    assert rows["products"]["hidden"]["available"] == [0]
    assert rows["products"]["bare"].get("available", []) == []


def test_the_layer_that_serves_gives_what_training_saw(transformed, later):
    import tensorflow as tf

    layer = transformed[0].transform_features_layer()
    row = LATER["unseen"]

    def sparse(name, dtype):
        return tf.RaggedTensor.from_tensor(tf.constant([row[name]], dtype)).to_sparse()

    served = layer(
        {
            "user_id": sparse("user_id", tf.string),
            "query_time": sparse("query_time", tf.int64),
            "history_product_id": sparse("history_product_id", tf.string),
            "history_time": sparse("history_time", tf.int64),
            "history_event_type": sparse("history_event_type", tf.string),
            "user__word": sparse("user__word", tf.string),
            "user__size": sparse("user__size", tf.float32),
            "user__title": sparse("user__title", tf.string),
            "user__vector": sparse("user__vector", tf.float32),
        }
    )
    for name in ("history_index", "history_type", "user_index", "user__word", "user__size", "user__title"):
        assert tf.sparse.to_dense(served[name]).numpy()[0].tolist() == later["unseen"][name], name


def test_a_database_of_ids_and_times_alone(tmp_path, transform_rows):
    splits = {"train": [query("u", ["b"], targets=["a"])], "catalog": [{"product_id": [i]} for i in "ab"]}
    output, read = transform_rows(tmp_path, FeatureSet(), splits, ("train", "catalog"))
    assert output.vocabulary_size_by_name("product_id") == 2
    row, catalog = read("train")[0], {r["product_id"][0]: r["product_index"] for r in read("catalog")}
    assert (row["history_index"], row["target_index"]) == (catalog[b"b"], catalog[b"a"])


def test_a_column_that_no_row_has_is_missing_everywhere(rows):
    assert not [name for name, values in rows["train"][0].items() if "never" in name and values]
