"""Transform in this process writes what TFX's executor writes by Beam, file for file."""

from __future__ import annotations

import json
import sys
from collections import Counter

import pytest

from schema.features import FeatureColumn, FeatureSet, Kind

COLUMNS = (
    FeatureColumn(name="word", kind=Kind.CATEGORY),
    FeatureColumn(name="size", kind=Kind.NUMBER),
    FeatureColumn(name="age", kind=Kind.NUMBER),
    FeatureColumn(name="title", kind=Kind.TEXT),
    FeatureColumn(name="vector", kind=Kind.EMBEDDING, dim=2),
    FeatureColumn(name="never", kind=Kind.CATEGORY),
)
FEATURES = FeatureSet(users=COLUMNS[:2], products=COLUMNS, event_types=("purchase",))


def product(name, number):
    return {
        "product_id": [name],
        "product__word": ["même" if number % 3 else "plain"],
        "product__size": [float(number**2)],
        "product__age": [float(-number)],
        "product__title": [f"Red cheese {number % 4}"],
        "product__vector": [0.5, float(number)],
    }


def query(user, products, **values):
    row = {"user_id": [user], "query_time": [1000], "query_kind": ["window"], "target_end": [2000]}
    if products:
        row["history_product_id"] = list(products)
        row["history_time"] = list(range(len(products)))
        row["history_event_type"] = ["purchase"] * len(products)
    return row | {"target_product_id": ["p1"], "target_weight": [1.0]} | values


CATALOG = [product(name, number) for number, name in enumerate(["p1", "p\n2", "größe", *"abcdefgh"])]
TRAIN = [
    [query("u1", ["p1", "p\n2", "new"], user__word=["x"]), query("u2", [], user__size=[float("nan")])],
    [query("u1", ["größe"] * 5, user__word=["x"], user__size=[2.0]), query("u3", ["a"], user__word=[""])],
]
SPLITS = {
    "train": TRAIN,
    "eval": [[query("u9", ["b", "a"])]],
    "test": [[query("u1", ["p1"])]],
    "catalog": [CATALOG],
}


@pytest.fixture
def run(tmp_path, write_examples, artifact, monkeypatch):
    """Runs the executor with Beam arguments or without and returns the folder of its outputs."""
    from tfx.types import artifact_utils
    from tfx.types.standard_artifacts import Examples, Schema, TransformGraph

    from components.local_transform.executor import Executor
    from schema.tensors.tf_schema import SCHEMA_FILE, build_schema, write_schema

    examples = artifact(Examples, tmp_path / "examples")
    examples.split_names = artifact_utils.encode_split_names(list(SPLITS))
    for split, shards in SPLITS.items():
        for shard, rows in enumerate(shards):
            name = f"data_tfrecord-{shard:05d}-of-{len(shards):05d}.gz"
            write_examples(tmp_path / "examples" / f"Split-{split}" / name, rows)
    schema = artifact(Schema, tmp_path / "schema")
    write_schema(build_schema(FEATURES), tmp_path / "schema" / SCHEMA_FILE)
    properties = {
        "preprocessing_fn": "transform.preprocessing.preprocessing_fn",
        "custom_config": json.dumps({"features": FEATURES.to_json()}),
        "splits_config": json.dumps({"analyze": ["train", "catalog"], "transform": list(SPLITS)}),
        "disable_statistics": 1,
        "force_tf_compat_v1": 0,
    }

    monkeypatch.setattr(sys, "argv", ["test"])  # TFX parses it beside the arguments of Beam

    def run(name, beam_arguments=()):
        outputs = {
            "transform_graph": [artifact(TransformGraph, tmp_path / name / "graph")],
            "transformed_examples": [artifact(Examples, tmp_path / name / "rows")],
        }
        context = Executor.Context(beam_pipeline_args=list(beam_arguments), tmp_dir=str(tmp_path / "tmp"))
        Executor(context).Do({"examples": [examples], "schema": [schema]}, outputs, properties)
        assert outputs["transformed_examples"][0].split_names == examples.split_names
        return tmp_path / name

    return run


def rows(folder, split):
    import tensorflow as tf

    found = []
    for path in sorted((folder / "rows" / f"Split-{split}").iterdir()):
        for record in tf.data.TFRecordDataset(str(path), "GZIP"):
            example = tf.train.Example.FromString(record.numpy())
            found.append({name: list(values(feature)) for name, feature in example.features.feature.items()})
    return found


def values(feature):
    kind = feature.WhichOneof("kind")
    return getattr(feature, kind).value if kind else ()


def graph_files(folder):
    return {path.relative_to(folder): path for path in (folder / "graph").rglob("*") if path.is_file()}


def operations(folder):
    """How often which type reads which; they are loaded in any order and numbered through all graphs."""
    import tensorflow as tf

    graph = tf.saved_model.load(str(folder / "graph" / "transform_fn")).transform_fn.graph
    return Counter(
        (operation.type, *(tensor.op.type for tensor in operation.inputs))
        for operation in graph.get_operations()
    )


def served(folder, products):
    """What the layer of a served model makes of a history."""
    import tensorflow as tf
    import tensorflow_transform as tft

    layer = tft.TFTransformOutput(str(folder / "graph")).transform_features_layer()
    found = layer({"history_product_id": tf.sparse.from_dense(tf.constant([products]))})
    return found["history_index"].values.numpy().tolist()


def test_the_same_as_by_beam(run):
    ours, theirs = run("ours"), run("theirs", ["--runner=DirectRunner"])
    files, expected = graph_files(ours), graph_files(theirs)
    assert files.keys() == expected.keys()
    texts = [name for name in files if "transform_fn" not in name.parts or "assets" in name.parts]
    assert len(texts) == 9  # two schemas, the map, and six vocabularies
    for name in texts:
        assert files[name].read_bytes() == expected[name].read_bytes(), name
    assert operations(ours) == operations(theirs)
    for split in SPLITS:
        in_order, found = rows(ours, split), rows(theirs, split)
        assert sorted(map(str, map(sorted, map(dict.items, in_order)))) == sorted(
            map(str, map(sorted, map(dict.items, found)))
        ), split


def test_vocabularies_and_rows_by_hand(run):
    """Users by number of their training queries; products once each, so by bytes, the last first."""
    folder = run("ours")
    assets = folder / "graph" / "transform_fn" / "assets"
    assert (assets / "user_id").read_text().split() == ["u1", "u3", "u2"]
    assert (assets / "product_id").read_text(encoding="utf-8").split() == [
        *("p␤2", "p1", "h", "größe", "g", "f", "e", "d", "c", "b", "a")
    ]
    assert (assets / "user__word").read_text().split() == ["x"]
    found = rows(folder, "train")
    assert [row["user_id"] for row in found] == [[b"u1"], [b"u2"], [b"u1"], [b"u3"]]
    assert [row["history_index"] for row in found] == [[1, 0, -1], [], [3] * 5, [10]]
    assert [row["user_index"] for row in found] == [[0], [2], [0], [1]]
    shards = sorted(path.name for path in (folder / "rows" / "Split-train").iterdir())
    assert shards == [f"transformed_examples-0000{shard}-of-00002.gz" for shard in range(2)]
    assert not (folder / "graph" / ".temp_path").exists()
    assert served(folder, ["p1", "never sold", "a"]) == [1, -1, 10]


def test_what_is_not_known_here_is_left_to_beam(run, monkeypatch):
    from tfx.components.transform import executor as tfx_transform

    from components.local_transform import executor
    from components.local_transform.operations import Unsupported

    def refuse(*_):
        raise Unsupported("VocabularyAccumulate words")

    asked = []
    monkeypatch.setattr(executor, "analyze", refuse)
    monkeypatch.setattr(tfx_transform.Executor, "Do", lambda self, *arguments: asked.append(arguments))
    run("theirs")
    assert len(asked) == 1


def test_a_later_catalog_is_transformed_by_the_graph_that_there_is(run, tmp_path, artifact, write_examples):
    from tfx.types.standard_artifacts import Examples, TransformGraph

    from components.local_transform.catalog import CatalogTransformSettings, Executor

    before = run("before")
    later = artifact(Examples, tmp_path / "later")
    unknown = product("not in the vocabulary", 3)
    write_examples(
        tmp_path / "later" / "Split-catalog" / "data_tfrecord-00000-of-00001.gz", [*CATALOG[::-1], unknown]
    )
    later.split_names = '["catalog"]'
    graph, made = (
        artifact(TransformGraph, before / "graph"),
        artifact(Examples, tmp_path / "after" / "rows"),
    )
    inputs = {"examples": [later], "transform_graph": [graph]}
    properties = CatalogTransformSettings().to_properties()
    Executor().Do(inputs, {"transformed_examples": [made]}, properties)
    assert made.split_names == '["catalog"]'
    *known, last = rows(tmp_path / "after", "catalog")
    assert known == rows(before, "catalog")[::-1]
    like_it = rows(before, "catalog")[3]
    assert last["product_index"] == [-1] and last["product__title"] == like_it["product__title"]
