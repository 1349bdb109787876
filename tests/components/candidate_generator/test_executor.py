"""The rows of candidates that the CandidateGenerator wrote for a small shop."""

from __future__ import annotations

import json
from collections import Counter

import numpy as np
import pytest
import tensorflow as tf

from components.candidate_generator.executor import weighted_down


def read(trained_shop, split):
    rows = []
    for path in sorted((trained_shop.directory / "candidates" / f"Split-{split}").glob("*.gz")):
        for record in tf.data.TFRecordDataset(str(path), "GZIP"):
            features = tf.train.Example.FromString(record.numpy()).features.feature
            rows.append({name: list(_values(value)) for name, value in features.items()})
    return rows


def _values(feature):
    kind = feature.WhichOneof("kind")
    return getattr(feature, kind).value if kind else ()


@pytest.fixture(scope="module")
def train(trained_shop):
    return read(trained_shop, "train")


@pytest.fixture(scope="module")
def evaluation(trained_shop):
    return read(trained_shop, "eval")


@pytest.fixture(scope="module")
def vocabulary(trained_shop):
    return [entry.decode() for entry in trained_shop.transform.vocabulary_by_name("product_id")]


def test_training_is_on_the_windows_of_the_ranker_only(trained_shop, train):
    assert {row["query_time"][0] for row in train} == set(trained_shop.plan.windows.ranking_cutoffs)


def test_every_window_query_of_the_ranker_has_a_row(trained_shop, train, evaluation):
    cutoffs = trained_shop.plan.windows.ranking_cutoffs
    wanted = [
        row
        for row in trained_shop.rows["train"]
        if row["query_kind"] == [b"window"] and row["query_time"][0] in cutoffs
    ]
    assert len(train) == len(wanted) > 0
    assert len(evaluation) == len(trained_shop.rows["eval"]) > 0


def test_lists_have_the_wanted_length_and_no_product_twice(trained_shop, train):
    size = trained_shop.plan.config.ranking.num_candidates
    assert all(len(set(row["candidate_index"])) == len(row["candidate_index"]) == size for row in train)


def test_what_the_user_bought_often_is_a_candidate(trained_shop, evaluation, vocabulary):
    for row in evaluation:
        usable = [
            product for product in row["history_index"] if vocabulary[product] not in trained_shop.hidden
        ]
        often = Counter(usable).most_common(1)
        assert {product for product, _ in often} <= set(row["candidate_index"])


def test_unavailable_products_are_no_candidates(trained_shop, train, vocabulary):
    shown = {vocabulary[product] for row in train for product in row["candidate_index"]}
    assert not shown & set(trained_shop.hidden)


def test_labels_are_the_targets_of_the_raw_rows(trained_shop, evaluation, vocabulary):
    targets = {row["user_id"][0]: set(row["target_product_id"]) for row in trained_shop.rows["eval"]}
    found = 0
    for row in evaluation:
        wanted = {text.decode().replace("\n", "␤") for text in targets[row["user_id"][0]]}
        positive = [
            vocabulary[product]
            for product, label in zip(row["candidate_index"], row["label"], strict=True)
            if label > 0
        ]
        assert set(positive) == wanted & {vocabulary[product] for product in row["candidate_index"]}
        assert row["num_targets"] == [len(wanted)]
        found += len(positive)
    assert found > 0


def test_tables_are_those_of_the_moment_of_the_query(trained_shop, train):
    """The statistics in a row are those of the events before it, and so differ from cutoff to cutoff."""
    windows = trained_shop.plan.windows
    width = trained_shop.plan.config.ranking.num_candidates
    for cutoff in windows.ranking_cutoffs:
        with np.load(trained_shop.directory / "index" / f"snapshot-{cutoff}.npz") as arrays:
            statistics = arrays["statistics"]
        row = next(row for row in train if row["query_time"] == [cutoff])
        features = np.reshape(row["candidate_features"], [width, -1])
        own = features[:, -statistics.shape[1] :]
        np.testing.assert_allclose(own, statistics[row["candidate_index"]], rtol=1e-6)


def test_histories_end_before_the_query(train):
    assert all(age > 0 for row in train for age in row.get("history_age", []))


def test_the_catalog_comes_along(trained_shop):
    assert len(read(trained_shop, "catalog")) == len(trained_shop.product_ids)


def test_of_a_window_of_an_unusual_volume_some_queries_are_taken(tmp_path):
    (tmp_path / "index.json").write_text(json.dumps({"window_weights": {"10": 1.0, "20": 0.25}}))
    records = {10: np.arange(5), 20: np.arange(8), 30: np.arange(3)}
    found = weighted_down(records, tmp_path)
    assert {cutoff: queries.tolist() for cutoff, queries in found.items()} == {
        10: [0, 1, 2, 3, 4],
        20: [0, 4],  # evenly spread
        30: [0, 1, 2],  # nothing is said of it
    }
