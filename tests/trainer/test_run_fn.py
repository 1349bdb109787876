"""Both trainers as TFX calls them, on a small shop."""

from __future__ import annotations

import json
from types import SimpleNamespace

import numpy as np
import pytest

from trainer.ranking.run import compared_columns
from trainer.shared.arguments import parse_arguments

import tensorflow as tf  # isort: skip  (after the package that chooses the Keras version)


@pytest.mark.parametrize(("model", "metric"), [("retrieval", "recall@100"), ("ranking", "ndcg@10")])
def test_the_training_curve_is_written(trained_shop, model, metric):
    (path,) = (trained_shop.directory / model).rglob("training.json")
    curve = json.loads(path.read_text())
    assert curve["metric"] == metric
    assert all(0 <= epoch["metric"] <= 1 and np.isfinite(epoch["loss"]) for epoch in curve["epochs"])
    settings = getattr(trained_shop.plan.config, model)
    assert 1 <= len(curve["epochs"]) <= settings.num_epochs


def test_the_retrieval_model_embeds_the_whole_catalogue(trained_shop):
    embeddings = tf.saved_model.load(trained_shop.retrieval).signatures["candidates"]()["embeddings"]
    dim = trained_shop.plan.config.retrieval.embedding_dim
    assert embeddings.shape == (len(trained_shop.product_ids), dim)
    np.testing.assert_allclose(tf.norm(embeddings, axis=1), 1.0, rtol=1e-5)


def test_the_rankers_signature_for_examples_agrees_with_that_for_tensors(trained_shop):
    from schema.tensors.transformed import candidate_spec, dense_candidates

    model = tf.saved_model.load(trained_shop.ranking)
    files = [str(p) for p in (trained_shop.directory / "candidates" / "Split-eval").glob("*.gz")]
    records = list(tf.data.TFRecordDataset(files, "GZIP").take(7))
    by_example = model.signatures["serving_default"](tf.stack(records))
    features = trained_shop.plan.features
    dense = dense_candidates(tf.io.parse_example(records, candidate_spec(features)), features)
    known = model.signatures["rank"].structured_input_signature[1]
    by_tensor = model.signatures["rank"](**{name: dense[name] for name in known})
    np.testing.assert_allclose(by_example["scores"], by_tensor["scores"], atol=1e-5)


def test_ids_are_not_hidden_in_the_exported_model(trained_shop):
    """Dropout of ids or units in the exported graph would answer differently each time."""
    model = tf.saved_model.load(trained_shop.retrieval).signatures["serving_default"]
    specs = model.structured_input_signature[1]
    inputs = {
        name: tf.zeros([4] + [2 if size is None else size for size in spec.shape[1:]], spec.dtype)
        for name, spec in specs.items()
    }
    one, other = (model(**inputs)["query_embedding"].numpy() for _ in range(2))
    np.testing.assert_array_equal(one, other)
    np.testing.assert_allclose(one, one[:1].repeat(4, axis=0), rtol=1e-5)


def test_retrieval_is_not_trained_on_the_windows_of_the_ranker(trained_shop, monkeypatch):
    """What `run_fn` reads for training ends by where the towers may be read."""
    from trainer.retrieval import run as retrieval

    seen = []

    class StopError(Exception):
        pass

    original = retrieval.read_queries

    def spy(*given, **options):
        queries = original(*given, **options)
        seen.append(queries)
        if len(seen) == 2:
            raise StopError
        return queries

    monkeypatch.setattr(retrieval, "read_queries", spy)
    config = json.loads(trained_shop.nodes["RetrievalTrainer"].exec_properties["custom_config"])
    root = f"{trained_shop.directory}/transformed"
    arguments = SimpleNamespace(
        custom_config=config,
        train_files=[f"{root}/Split-train/*", f"{root}/Split-catalog/*"],
        eval_files=[f"{root}/Split-eval/*"],
        transform_graph_path=f"{root}/transform_graph",
        serving_model_dir="unused",
        model_run_dir="unused",
    )
    with pytest.raises(StopError):
        retrieval.run_fn(arguments)
    start = trained_shop.plan.windows.retrieval_end
    assert seen[0]["target_end"].numpy().max() <= start
    raw = [row["target_end"][0] for row in trained_shop.rows["train"]]
    assert len(seen[0]["target_end"]) == sum(end <= start for end in raw) < len(raw)


def test_files_are_told_apart_by_their_split(trained_shop):
    config = json.loads(trained_shop.nodes["RankingTrainer"].exec_properties["custom_config"])
    arguments = parse_arguments(
        SimpleNamespace(
            custom_config=config,
            train_files=["/x/Split-train/*", "/x/Split-catalog/*"],
            eval_files=["/x/Split-eval/*"],
            transform_graph_path=str(trained_shop.directory / "transformed/transform_graph"),
            serving_model_dir="/model",
        )
    )
    assert arguments.split_files["train"] == ["/x/Split-train/*"]
    assert arguments.split_files["catalog"] == ["/x/Split-catalog/*"]
    assert arguments.split_files["eval"] == ["/x/Split-eval/*"]
    assert arguments.windows == trained_shop.plan.windows
    assert arguments.model_directory == "/model"


def test_the_finest_columns_that_still_group_products_are_compared():
    columns = {
        "a_pair": np.array([0, 1] * 20),
        "b_own": np.arange(40),  # a value for each product: nothing to compare by
        "c_ten": np.arange(40) % 10,
    }
    assert list(compared_columns(columns, 40)) == ["c_ten", "a_pair"]
    tags = {"e_tags": np.array([[0, 1], [2, -1]] * 20)}
    assert list(compared_columns(columns | tags, 40)) == ["c_ten", "e_tags", "a_pair"]
