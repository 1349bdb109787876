"""What the CandidateIndexer writes, and when it refuses."""

from __future__ import annotations

import json

import numpy as np
import pytest
import tensorflow as tf
from tfx.types import artifact_utils, standard_artifacts

from components.artifacts import CandidateIndex, Interactions
from components.candidate_indexer.executor import measure_search, read_available
from components.recommender.candidates.tables import load_tables
from schema.errors import PipelineRefusedError
from schema.features import FeatureSet


def unit(rows, dim, seed=0):
    vectors = np.random.default_rng(seed).normal(size=(rows, dim)).astype(np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def test_exact_search_finds_everything():
    report = measure_search(unit(500, 8))
    assert report["recall"] == 1.0
    assert report["num_products"] == 500
    assert report["latency_ms"] > 0


def test_products_that_tie_are_all_right():
    assert measure_search(np.ones((300, 4), np.float32) / 2)["recall"] == 1.0


def test_a_catalogue_smaller_than_the_cut_off():
    assert measure_search(unit(3, 4))["recall"] == 1.0


def test_availability_is_in_the_order_of_indices(tmp_path):
    with tf.io.TFRecordWriter(str(tmp_path / "data.gz"), "GZIP") as writer:
        for index, available in ((2, 0), (-1, 0), (0, None), (1, 1)):
            message = tf.train.Example()
            message.features.feature["product_index"].int64_list.value.append(index)
            if available is not None:
                message.features.feature["available"].int64_list.value.append(available)
            writer.write(message.SerializeToString())
    assert read_available([str(tmp_path / "*")], FeatureSet()).tolist() == [True, True, False]


def test_there_are_tables_for_every_moment(trained_shop):
    windows = trained_shop.plan.windows
    moments = (*windows.ranking_cutoffs, windows.eval_start, windows.test_start)
    found = {path.name for path in (trained_shop.directory / "index").glob("moment-*")}
    assert found == {f"moment-{moment}.npz" for moment in moments}
    assert len(moments) > 2


def test_embeddings_are_those_of_the_retrieval_model(trained_shop):
    tables = load_tables(trained_shop.directory / "index", trained_shop.plan.windows.eval_start)
    model = tf.saved_model.load(trained_shop.retrieval)
    np.testing.assert_array_equal(tables.embeddings, model.signatures["candidates"]()["embeddings"])
    np.testing.assert_allclose(np.linalg.norm(tables.embeddings, axis=1), 1.0, rtol=1e-5)


def test_unavailable_products_are_known(trained_shop):
    tables = load_tables(trained_shop.directory / "index", trained_shop.plan.windows.eval_start)
    vocabulary = [entry.decode() for entry in trained_shop.transform.vocabulary_by_name("product_id")]
    hidden = [vocabulary[index] for index in np.flatnonzero(~tables.available)]
    assert sorted(hidden) == sorted(trained_shop.hidden)


def test_the_report_has_the_share_of_repeats(trained_shop):
    report = json.loads((trained_shop.directory / "index" / "index.json").read_text())
    assert report["num_products"] == len(trained_shop.product_ids)
    assert 0.3 < report["repeat_rate"] < 1.0
    assert report["recall"] == 1.0


def test_too_low_a_recall_is_refused(trained_shop, tmp_path, monkeypatch):
    node = trained_shop.nodes["CandidateIndexer"]
    executor = node.executor_spec.executor_class
    module = __import__(executor.__module__, fromlist=["measure_search"])
    monkeypatch.setattr(module, "measure_search", lambda _: {"recall": 0.5, "num_products": 30})

    def artifact(kind, path, splits=()):
        made = kind()
        made.uri = str(path)
        if splits:
            made.split_names = artifact_utils.encode_split_names(list(splits))
        return [made]

    directory = trained_shop.directory
    inputs = {
        "model": artifact(standard_artifacts.Model, directory / "retrieval"),
        "transform_graph": artifact(
            standard_artifacts.TransformGraph, directory / "transformed/transform_graph"
        ),
        "transformed_examples": artifact(standard_artifacts.Examples, directory / "transformed", ["catalog"]),
        "interactions": artifact(Interactions, directory / "interactions"),
    }
    with pytest.raises(
        PipelineRefusedError, match=r"finds 0\.500 of what exact search finds; `index\.min_recall`"
    ):
        executor().Do(inputs, {"index": artifact(CandidateIndex, tmp_path)}, dict(node.exec_properties))
