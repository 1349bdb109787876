"""What the CandidateIndexer writes."""

from __future__ import annotations

import json

import numpy as np
import tensorflow as tf

from components.candidate_indexer.executor import read_available
from components.recommender.candidates.tables import load_tables
from schema.features import FeatureSet


def test_availability_is_in_the_order_of_indices(tmp_path):
    with tf.io.TFRecordWriter(str(tmp_path / "data.gz"), "GZIP") as writer:
        for index, available in ((2, 0), (-1, 0), (0, None), (1, 1)):
            message = tf.train.Example()
            message.features.feature["product_index"].int64_list.value.append(index)
            if available is not None:
                message.features.feature["available"].int64_list.value.append(available)
            writer.write(message.SerializeToString())
    assert read_available([str(tmp_path / "*")], FeatureSet()).tolist() == [True, True, False]


def test_there_are_tables_for_every_cutoff(trained_shop):
    windows = trained_shop.plan.windows
    cutoffs = (*windows.ranking_cutoffs, windows.eval_start, windows.test_start)
    found = {path.name for path in (trained_shop.directory / "index").glob("snapshot-*")}
    assert found == {f"snapshot-{cutoff}.npz" for cutoff in cutoffs}
    assert len(cutoffs) > 2


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
