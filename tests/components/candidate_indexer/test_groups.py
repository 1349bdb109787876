"""Which category columns say most about first purchases."""

from __future__ import annotations

import numpy as np

from components.candidate_indexer.groups import (
    MAX_GROUPINGS,
    choose_groupings,
    newcomer_grouping,
    read_categories,
)
from components.interactions.events import Events
from schema.features import FeatureColumn, FeatureSet, Kind

import tensorflow as tf  # isort: skip  (after the package that chooses the Keras version)

DAY = 86_400
NOW, WINDOW = 100 * DAY, 10 * DAY
NUM_PRODUCTS = 40
PRODUCTS = np.arange(NUM_PRODUCTS)
TELLING, COARSE, RANDOM = PRODUCTS % 8, PRODUCTS % 2, np.random.default_rng(1).integers(0, 8, NUM_PRODUCTS)


def shop():
    """Twenty users who buy of one remainder by eight: two products long ago, two more in the last window."""
    rows = []
    for user in range(20):
        own = PRODUCTS[user % 8 == PRODUCTS % 8]
        rows += [(user, own[0], 50), (user, own[1], 40), (user, own[2], 5), (user, own[3], 4)]
    user, product, days = (np.array(column) for column in zip(*rows, strict=True))
    return Events(user.astype(np.int32), product.astype(np.int32), NOW - days * DAY, NUM_PRODUCTS)


def choose(columns, as_of=NOW):
    return choose_groupings(
        {str(number): column for number, column in enumerate(columns)}, shop(), as_of, WINDOW
    )


def same_groups(found, expected):
    return len(np.unique(np.stack([found, expected]), axis=1).T) == len(np.unique(expected))


def test_the_column_that_users_keep_to_is_first():
    chosen = choose([RANDOM, COARSE, TELLING])
    assert chosen.shape == (NUM_PRODUCTS, 3)
    assert same_groups(chosen[:, 0], TELLING)
    assert same_groups(chosen[:, 1], COARSE)


def test_the_order_of_the_columns_does_not_matter():
    assert same_groups(choose([TELLING, COARSE, RANDOM])[:, 0], TELLING)


def test_no_more_than_a_few_columns():
    assert choose([TELLING, COARSE, RANDOM, PRODUCTS % 4]).shape[1] == MAX_GROUPINGS


def test_columns_that_tell_products_apart_are_no_groups():
    assert same_groups(choose([PRODUCTS, COARSE])[:, 0], COARSE)


def test_constant_columns_are_no_groups_either():
    assert choose([np.zeros(NUM_PRODUCTS, int)]).tolist() == [[0]] * NUM_PRODUCTS


def test_a_shop_without_categories_has_one_group():
    assert choose([]).tolist() == [[0]] * NUM_PRODUCTS


def test_what_happened_later_is_not_looked_at():
    # As of 20 days ago nothing was bought for the first time in the last ten days: no column tells anything.
    chosen = choose([RANDOM, TELLING], NOW - 20 * DAY)
    assert same_groups(chosen[:, 0], RANDOM)  # the first of equals


def test_new_products_are_told_by_the_column_that_tells_newcomers():
    """Of the first purchases in the window only newcomers, 20 to 39, are looked at."""
    new = PRODUCTS % 4
    rows = []
    for user in range(40):
        known = PRODUCTS[(PRODUCTS < 20) & (new == user % 4)][:2]
        newcomers = PRODUCTS[(PRODUCTS >= 20) & (new == user % 4)]
        rows += [(user, product, 50) for product in known] + [(user, newcomers[user % len(newcomers)], 5)]
    user, product, days = (np.array(column) for column in zip(*rows, strict=True))
    events = Events(user.astype(np.int32), product.astype(np.int32), NOW - days * DAY, NUM_PRODUCTS)
    groups = np.stack([RANDOM, PRODUCTS // 20, new], axis=1)
    assert newcomer_grouping(groups, events, NOW, WINDOW) == 2
    assert newcomer_grouping(groups[:, ::-1], events, NOW, WINDOW) == 0


def test_where_nothing_tells_newcomers_the_first_column_counts():
    nothing = Events(np.zeros(0, np.int32), np.zeros(0, np.int32), np.zeros(0, np.int64), NUM_PRODUCTS)
    assert newcomer_grouping(np.stack([RANDOM, TELLING], axis=1), nothing, NOW, WINDOW) == 0


def test_the_levels_of_paths_are_categories(tmp_path, serialized_example):
    rows = [  # the paths of products 1, 0 and 2, which has none
        {"product_index": [1], "product__path": [2, 4, 5], "product__colour": [3]},
        {"product_index": [0], "product__path": [2]},
        {"product_index": [2], "product__tags": [2, 3]},
    ]
    with tf.io.TFRecordWriter(str(tmp_path / "rows.gz"), "GZIP") as writer:
        for row in rows:
            writer.write(serialized_example(row))
    features = FeatureSet(
        products=(
            FeatureColumn(name="path", kind=Kind.HIERARCHY, levels="/"),
            FeatureColumn(name="colour", kind=Kind.CATEGORY),
            FeatureColumn(name="tags", kind=Kind.SET),
        )
    )
    found = read_categories([str(tmp_path / "*.gz")], features)
    assert {name: values.tolist() for name, values in found.items()} == {
        "product__path__level_1": [2, 2, 0],
        "product__path__level_2": [0, 4, 0],
        "product__path__level_3": [0, 5, 0],
        "product__colour": [0, 3, 0],
    }
