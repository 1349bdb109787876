"""The PrerankingTrainer on a small shop."""

from __future__ import annotations

import json

import numpy as np
import tensorflow as tf
from tfx.types import artifact_utils, standard_artifacts

from components.artifacts import CandidateIndex, Preranker
from components.recommender.candidates.preranker import load_preranker
from components.settings import PrerankingSettings


def run(trained_shop, output, **changes):
    node = trained_shop.nodes["PrerankingTrainer"]
    settings = trained_shop.plan.config.preranking.model_dump() | changes
    properties = dict(node.exec_properties) | {"preranking": PrerankingSettings.parse(settings).to_json()}

    def artifact(kind, path, splits=()):
        made = kind()
        made.uri = str(path)
        if splits:
            made.split_names = artifact_utils.encode_split_names(list(splits))
        return [made]

    directory = trained_shop.directory
    inputs = {
        "model": artifact(standard_artifacts.Model, directory / "retrieval"),
        "index": artifact(CandidateIndex, directory / "index"),
        "transformed_examples": artifact(standard_artifacts.Examples, directory / "transformed", ["train"]),
    }
    node.executor_spec.executor_class().Do(inputs, {"preranker": artifact(Preranker, output)}, properties)
    return json.loads((output / "training.json").read_text())


def test_it_learns_from_the_windows_of_the_ranker(trained_shop):
    report = json.loads((trained_shop.directory / "preranker" / "training.json").read_text())
    cutoffs = set(trained_shop.plan.windows.ranking_cutoffs)
    bought = sum(
        len(set(row["target_product_id"]))
        for row in trained_shop.rows["train"]
        if row["query_kind"] == [b"window"] and row["query_time"][0] in cutoffs
    )
    # Everything bought is in the pool of a catalogue this small, but for products that are not for sale.
    assert 0.8 * bought <= report["num_bought"] <= bought
    assert report["num_pairs"] > report["num_bought"]


def test_a_second_training_gives_the_same_weights(trained_shop, tmp_path):
    run(trained_shop, tmp_path / "again")
    first, second = (
        load_preranker(path) for path in (trained_shop.directory / "preranker", tmp_path / "again")
    )
    for name, values in vars(first).items():
        np.testing.assert_array_equal(values, getattr(second, name), err_msg=name)


def test_switched_off_it_leaves_no_weights(trained_shop, tmp_path):
    assert run(trained_shop, tmp_path / "off", enabled=False) == {"enabled": False}
    assert load_preranker(tmp_path / "off") is None


def test_candidates_are_better_than_by_quotas(trained_shop):
    """Of a list of twenty in thirty products, the wanted colour takes more places than chance would give."""
    same = []
    for path in sorted((trained_shop.directory / "candidates" / "Split-eval").glob("*.gz")):
        for record in tf.data.TFRecordDataset(str(path), "GZIP"):
            feature = tf.train.Example.FromString(record.numpy()).features.feature
            found = np.isin(
                feature["target_index"].int64_list.value, feature["candidate_index"].int64_list.value
            )
            same.append(found.mean())
    size = trained_shop.plan.config.ranking.num_candidates / len(trained_shop.product_ids)
    assert np.mean(same) > size + (1 - size) / 2
