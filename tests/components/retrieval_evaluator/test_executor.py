"""What the RetrievalEvaluator measured on a small shop, against brute force over its rows."""

from __future__ import annotations

import json

import numpy as np
import pytest
import tensorflow as tf
from tfx.types import artifact_utils, standard_artifacts

from components.artifacts import CandidateIndex, Preranker, RecommenderMetrics
from components.settings import GateSettings
from schema.errors import PipelineRefusedError


@pytest.fixture(scope="module")
def metrics(trained_shop):
    return json.loads((trained_shop.directory / "evaluation" / "metrics.json").read_text())


def rows(trained_shop):
    found = []
    for path in (trained_shop.directory / "candidates" / "Split-eval").glob("*.gz"):
        for record in tf.data.TFRecordDataset(str(path), "GZIP"):
            feature = tf.train.Example.FromString(record.numpy()).features.feature
            names = ("candidate_index", "target_index", "history_index")
            found.append({name: list(feature[name].int64_list.value) for name in names})
    return found


def test_the_recall_of_the_union(trained_shop, metrics):
    shares = [np.isin(row["target_index"], row["candidate_index"]).mean() for row in rows(trained_shop)]
    assert metrics["recall"]["ranked_candidates"]["recall"] == pytest.approx(np.mean(shares))
    assert 0 < np.mean(shares) < 1


def test_the_share_of_targets_counts_every_target_alike(trained_shop, metrics):
    found = [np.isin(row["target_index"], row["candidate_index"]) for row in rows(trained_shop)]
    together = np.concatenate(found)
    assert metrics["share_of_targets"]["ranked_candidates"]["recall"] == pytest.approx(together.mean())


def test_the_recall_of_the_own_history(trained_shop, metrics):
    shares = [np.isin(row["target_index"], row["history_index"]).mean() for row in rows(trained_shop)]
    assert metrics["recall"]["own_history"]["recall"] == pytest.approx(np.mean(shares))


def test_every_source_is_measured_at_every_cut_off(metrics):
    assert metrics["window"] == "eval"
    assert {"two_tower", "neighbours", "popular", "own_history", "union"} <= set(metrics["recall"])
    for source in metrics["recall"].values():
        assert all(0 <= value <= 1 for value in source.values())
        assert source["recall@100"] <= source["recall@500"]


def test_a_catalogue_below_the_cut_off_is_found_whole_by_the_towers(metrics):
    assert metrics["recall"]["two_tower"]["recall@100"] == 1.0


def test_too_low_a_recall_is_refused(trained_shop, tmp_path):
    node = trained_shop.nodes["RetrievalEvaluator"]
    properties = dict(node.exec_properties) | {"gates": GateSettings(min_retrieval_recall=1.0).to_json()}
    examples, index, output = standard_artifacts.Examples(), CandidateIndex(), RecommenderMetrics()
    examples.uri, index.uri = (
        str(trained_shop.directory / "candidates"),
        str(trained_shop.directory / "index"),
    )
    examples.split_names = artifact_utils.encode_split_names(["train", "eval", "catalog"])
    output.uri = str(tmp_path)
    preranker = Preranker()
    preranker.uri = str(trained_shop.directory / "preranker")
    with pytest.raises(PipelineRefusedError, match=r"`gates\.min_retrieval_recall` asks for 1\.0"):
        node.executor_spec.executor_class().Do(
            {"examples": [examples], "index": [index], "preranker": [preranker]},
            {"evaluation": [output]},
            properties,
        )
    assert (tmp_path / "metrics.json").exists()
