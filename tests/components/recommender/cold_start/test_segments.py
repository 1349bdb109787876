"""What is popular in a segment, counted by hand."""

import numpy as np
import pytest
import tensorflow as tf

from components.recommender.cold_start.segments import (
    LIST_LENGTH,
    Purchases,
    Segments,
    make_segments,
    read_purchases,
)
from schema.features import FeatureColumn, FeatureSet

FEATURES = FeatureSet(
    users=(FeatureColumn(name="town", kind="category"), FeatureColumn(name="age", kind="number"))
)


def purchases(towns, bought):
    """`bought`: town -> products that each of its users bought."""
    pairs = [(user, product) for user, town in enumerate(towns) for product in bought[town]]
    users, products = np.array(pairs).T
    return Purchases(users, products, {"user__town": np.array(towns, object)}, len(towns))


def test_each_segment_with_enough_users_has_its_own_order():
    towns = ["Ulm"] * 40 + ["Bonn"] * 60 + ["Hof"] * 29 + [None] * 71
    found = make_segments(
        purchases(towns, {"Ulm": [3, 1], "Bonn": [0], "Hof": [4], None: [0, 2]}), np.ones(6, np.bool_)
    )
    # Hof has too few users; Ulm, of which the others bought nothing, differs more from all than Bonn
    assert found.columns == ("user__town", "user__town") and found.values == ("Ulm", "Bonn")
    assert found.products.shape == (3, LIST_LENGTH)
    # of 200 users 131 bought 0, 71 bought 2, 40 bought 1 and 3 each, 29 bought 4, nobody 5
    assert found.products[2, :6].tolist() == [0, 2, 1, 3, 4, -1]
    # Ulm: (40 + 30 * 40/200) / 70 for 1 and 3; then 30 * 131/200 and so on: what everybody buys
    assert found.products[0, :6].tolist() == [1, 3, 0, 2, 4, -1]
    # Bonn: 0, then what everybody buys
    assert found.products[1, :6].tolist() == [0, 2, 1, 3, 4, -1]
    assert (found.products[:, 6:] == -1).all()


def test_what_is_not_available_is_in_no_list():
    towns = ["Ulm"] * 30
    available = np.array([True, False, True])
    found = make_segments(purchases(towns, {"Ulm": [0, 1]}), available)
    assert found.products[:, :2].tolist() == [[0, -1], [0, -1]]


def test_without_categories_there_is_everybody_alone():
    found = make_segments(Purchases(np.zeros(1, int), np.array([2]), {}, 1), np.ones(3, np.bool_))
    assert found.columns == () and found.products[:, :2].tolist() == [[2, -1]]


@pytest.fixture
def examples(tmp_path):
    def row(user, cutoff, targets, town):
        def feature(*values):
            if isinstance(values[0], bytes):
                return tf.train.Feature(bytes_list=tf.train.BytesList(value=values))
            return tf.train.Feature(int64_list=tf.train.Int64List(value=values))

        columns = {"user_id": feature(user), "query_time": feature(cutoff)}
        columns |= {"target_product_id": feature(*targets), "history_product_id": feature(b"a", b"b")}
        if town:
            columns["user__town"] = feature(town)
        return tf.train.Example(features=tf.train.Features(feature=columns)).SerializeToString()

    rows = {
        "train": [
            row(b"u", 5, [b"a"], b"Ulm"),
            row(b"u", 10, [b"b", b"x"], b"Ulm"),
            row(b"v", 20, [b"b", b"c"], None),
        ],
        "eval": [row(b"u", 30, [b"b", b"c"], b"Ulm")],
        "test": [row(b"w", 40, [b"a"], b"Bonn")],
    }
    for split, content in rows.items():
        (tmp_path / f"Split-{split}").mkdir()
        with tf.io.TFRecordWriter(str(tmp_path / f"Split-{split}" / "data.gz"), "GZIP") as writer:
            for record in content:
                writer.write(record)
    return str(tmp_path)


def test_targets_of_the_splits_before_the_moment_are_read(examples):
    found = read_purchases(examples, ("train", "eval"), FEATURES, ["a", "b", "c"], since=10)
    # u bought b twice (once is counted) and c; v bought b and c; x is unknown, the first row too old
    assert list(zip(found.users.tolist(), found.products.tolist(), strict=True)) == [
        (0, 1),
        (0, 2),
        (1, 1),
        (1, 2),
    ]
    assert found.num_users == 2 and found.categories["user__town"].tolist() == ["Ulm", None]
    later = read_purchases(examples, ("train", "eval", "test"), FEATURES, ["a", "b", "c"], since=40)
    assert later.products.tolist() == [0] and later.categories["user__town"].tolist() == ["Bonn"]


def test_a_column_that_no_row_has_is_left_out(examples):
    features = FeatureSet(users=(FeatureColumn(name="street", kind="category"),))
    found = read_purchases(examples, ("train",), features, ["a", "b", "c"], since=0)
    made = make_segments(found, np.ones(3, np.bool_))
    assert isinstance(made, Segments) and made.columns == ()
