"""Sees the additions of `test_additions.py` work, in a copy of the sources that has them.

`python check_additions.py FOLDER` writes `result.json`, addition -> None or what went wrong, into the folder.
"""

from __future__ import annotations

import json
import sqlite3
import sys
import traceback
from pathlib import Path

import numpy as np
import pyarrow as pa

from pipeline.config.settings import TowerlineConfig

DAY = 86_400
NOW = 1000 * DAY


def a_ranker(folder: Path) -> None:
    import small_ranker

    settings = TowerlineConfig.parse({"ranking": {"model": "linear"}}).ranking
    model, batch = small_ranker.build(model=settings.model), small_ranker.batch()
    at_noon = {"history_hour": 12 + 0 * batch["history_type"]}  # which another addition reads
    pair_features = model.described(batch | at_noon)["pair_features"]
    np.testing.assert_array_equal(model.ranker({"pair_features": pair_features}), pair_features)


def a_classical_baseline(folder: Path) -> None:
    from components.evaluation.baselines.base import EvaluationSet, Popularity
    from components.evaluation.baselines.registry import grid
    from components.evaluation.events import Past
    from components.evaluation.lists import CodeLists
    from components.interactions.events import ShopEvents

    settings = TowerlineConfig.parse({"baselines": {"systems": ["by_code"]}}).baselines
    (baseline,) = grid(settings.systems[0], DAY, None, Popularity(None), settings)
    number = np.zeros(1, np.int64)
    log = ShopEvents(number, number, number, 3, number == 0, number, pa.array(["u"]))
    nothing = CodeLists.from_pairs((), (), 1)
    asked = EvaluationSet(Past.before(log, NOW, np.ones(3, bool)), number, nothing, nothing)
    assert baseline.recommend(asked, 2).tolist() == [[2, 1]]


def a_gate_on_the_data(folder: Path) -> None:
    from components.interaction_validator.event_checks import EventFacts, check_events

    gates = TowerlineConfig.parse({"gates": {"min_events": 3}}).gates
    verdicts = {check.name: check for check in check_events(EventFacts(num_events=2), gates, NOW)}
    assert verdicts["min_events"].stops and "at least 3" in verdicts["min_events"].sentence


def a_gate_on_the_model(folder: Path) -> None:
    from components.evaluation.gates import decide

    gates = TowerlineConfig.parse({"gates": {"min_recall": 0.5}}).gates
    known = {"mean": 0.4, "low": 0.3, "high": 0.5}
    systems = {
        "towerline": {"ndcg@10": known, "coverage@10": known, "recall@10": known},
        "popularity": {"ndcg@10": known},
    }
    differences = {"popularity": {"ndcg@10": known}}
    metrics = {"num_queries": 1000, "systems": systems, "differences": differences, "slices": {}}
    refused = [gate.name for gate in decide(metrics, gates) if not gate.passed]
    assert refused == ["min_recall"], refused


def a_kind_of_rule(folder: Path) -> None:
    import tensorflow as tf

    from components.recommender.candidates.embedding_table import EmbeddingTable
    from components.recommender.post_ranking.compiled_rules import compile_rules
    from components.recommender.post_ranking.diversity import Diversity
    from components.recommender.post_ranking.post_ranker import PostRanker
    from schema.features import FeatureColumn, FeatureSet

    rule = {"action": "last", "where": {"colour": "red"}}
    rules = TowerlineConfig.parse({"post_ranking": {"rules": [rule]}}).post_ranking.rules
    columns = {
        "product_id": np.array(["a", "b", "c"], object),
        "colour": np.array(["red", "blue", None], object),
    }
    embeddings = EmbeddingTable(np.eye(3, dtype=np.float32))
    features = FeatureSet(products=(FeatureColumn(name="colour", kind="category"),))
    compiled = compile_rules(rules, columns, features)
    ranker = PostRanker(compiled, embeddings, np.zeros((3, 1, 1), np.int32), Diversity(0.0))
    index, scores = np.arange(3)[np.newaxis], tf.constant([[3.0, 2.0, 1.0]])
    changed = ranker.adjusted(index, scores, {})
    ranked = ranker(index, changed, {}, tf.constant(3), np.full((1, 1), -1))
    assert ranked.position.numpy().tolist() == [[1, 2, 0]], ranked.position


def a_candidate_source(folder: Path) -> None:
    """Product 9 sold thirty times long ago, the others twice of late."""
    import tensorflow as tf

    from components.candidate_indexer.snapshots import Catalogue, build_snapshot
    from components.interactions.events import ShopEvents
    from components.recommender.candidates.sources import SOURCE_NAMES, CandidateSources
    from components.recommender.candidates.tables import load_tables, save_embeddings
    from components.recommender.tracing.source_trace import trace_sources
    from components.settings import IndexSettings
    from serving.model.reasons import reason
    from serving.recommend.why.words import LABELS

    product = np.repeat(np.arange(10), [2] * 9 + [30])
    days = np.where(product == 9, 500, 1 + np.arange(len(product)) % 2)
    events = ShopEvents(
        np.arange(len(product), dtype=np.int32),
        product.astype(np.int32),
        NOW - days * DAY,
        10,
        np.ones(len(product), bool),
        np.zeros(len(product), np.int32),
    )
    available, groups = np.ones(10, bool), np.zeros((10, 1), np.int64)
    catalogue, settings = Catalogue(available, groups), IndexSettings(num_neighbours=2)
    snapshot = build_snapshot(events, catalogue, NOW, 8 * DAY, settings)
    snapshot.save(folder, NOW)
    save_embeddings(folder, np.eye(10, dtype=np.float32), available, groups)
    sources = CandidateSources(load_tables(folder, NOW), 10, 8.0)
    history = tf.constant([[-1]], tf.int64)
    query = {"history_index": history, "history_age": tf.zeros([1, 1])}
    user = tf.constant([-1], tf.int64)
    retrieved = sources.retrieved(tf.eye(10)[:1], history, query["history_age"], user)
    found = dict(zip(retrieved.pool.numpy()[0].tolist(), retrieved.pool_source.numpy()[0], strict=True))
    own = SOURCE_NAMES.index("all_time")
    assert found[9] == own and own == len(SOURCE_NAMES) - 1
    trace = trace_sources(sources, retrieved, query, tf.constant([9], tf.int64))
    assert (trace["source_rank"][0, own].numpy(), trace["source_quota"][0, own].numpy()) == (1, 5)
    assert reason({"source": "all_time"}) == "a classic of the shop"
    assert LABELS["all_time"] == "what sold most"


def an_event_feature(folder: Path) -> None:
    """From the database to the ranker's inputs, and from a request to the same."""
    import tensorflow as tf

    from components.local_transform.analysis import analyze, load
    from components.local_transform.records import Records
    from components.product_example_gen.event_log import EventLog
    from components.product_example_gen.queries import query_batches, window_queries
    from components.recommender.request import RequestHistories, raw_request, request_specs
    from schema.features import FeatureSet
    from schema.served.request import Query, encode_queries
    from schema.source import open_source
    from schema.source_settings import SourceSettings
    from schema.tensors.tf_schema import build_schema
    from schema.tensors.transformed import candidate_spec, dense_query
    from transform.preprocessing import preprocessing_fn

    shop = folder / "shop.db"
    events = [("u", "a", 10, 23), ("u", "b", 20, 9), ("u", "a", 30, 12)]
    with sqlite3.connect(shop) as connection:
        connection.execute("CREATE TABLE products (product_id TEXT)")
        connection.executemany("INSERT INTO products VALUES (?)", [("a",), ("b",)])
        connection.execute(
            "CREATE TABLE events (user_id TEXT, product_id TEXT, occurred_at INTEGER, hour INTEGER)"
        )
        connection.executemany("INSERT INTO events VALUES (?, ?, ?, ?)", events)
    read = open_source(SourceSettings(url=f"sqlite:///{shop}")).read_events()
    log = EventLog.from_table(read, {"purchase": 1.0})
    (rows,) = query_batches(log, window_queries(log, 25, 31, 5), {})
    assert rows["history_hour"].to_pylist() == [[23, 9]]

    features = FeatureSet(users=(), products=(), event_types=("purchase",))
    path = folder / "rows.gz"
    with tf.io.TFRecordWriter(str(path), "GZIP") as writer:
        for row in [*rows.to_pylist(), {"product_id": [b"a"]}, {"product_id": [b"b"]}]:
            writer.write(_serialized(row))
    records = Records([str(path)], build_schema(features))
    config = {"features": features.to_json()}
    model = analyze(lambda raw: preprocessing_fn(raw, config), records, str(folder / "graph")).model
    apply = load(model, records.type_specs())
    (batch,) = records.batches()
    dense = dense_query(apply(batch), features, 5)
    assert dense["history_hour"].numpy()[0].tolist() == [23, 9]
    assert "history_hour" in candidate_spec(features)

    query = Query("u", 25, ("a", "b"), (10, 20), ("purchase",) * 2, hours=(23, 9))
    inputs = {name: tf.constant(values) for name, values in encode_queries(features, [query], 5).items()}
    assert set(inputs) == set(request_specs(features))
    asked = RequestHistories(inputs, load_request(apply, raw_request(inputs, features), records)).newest(5)
    assert asked["history_hour"].numpy().tolist() == [[23, 9]]
    _read_by_the_ranker(asked)


def load_request(apply, raw, records):
    """The transform graph on a request; what a request lacks is empty."""
    import tensorflow as tf

    empty = {
        name: tf.SparseTensor(tf.zeros([0, 2], tf.int64), tf.zeros([0], spec.dtype), [1, 0])
        for name, spec in records.type_specs().items()
        if name not in raw
    }
    return apply(raw | empty)


def _read_by_the_ranker(asked) -> None:
    """What was bought at night counts for nothing, as the addition has it."""
    from trainer.ranking.affinity import AffinityFeatures, AffinityInputs

    layer = AffinityFeatures(AffinityInputs(2, {}, {}, (True,), 7.0))
    counts = layer(asked | {"candidate_index": asked["history_index"]})["own_counts"]
    assert counts.numpy()[0, :, 0].tolist() == [0.0, 1.0], counts


def _serialized(row) -> bytes:
    import tensorflow as tf

    example = tf.train.Example()
    for name, values in row.items():
        feature = example.features.feature[name]
        for value in values or ():
            kind = {bytes: "bytes_list", float: "float_list"}.get(type(value), "int64_list")
            getattr(feature, kind).value.append(value)
    return example.SerializeToString()


CHECKS = {
    "a ranker": a_ranker,
    "a classical baseline": a_classical_baseline,
    "a gate on the data": a_gate_on_the_data,
    "a gate on the model": a_gate_on_the_model,
    "a kind of rule": a_kind_of_rule,
    "a candidate source": a_candidate_source,
    "an event feature": an_event_feature,
}


def main(folder: Path) -> None:
    """Makes the checks, each in a folder of its own."""
    result = {}
    for name, check in CHECKS.items():
        own = folder / name.replace(" ", "-")
        own.mkdir()
        try:
            check(own)
            result[name] = None
        except Exception:
            result[name] = traceback.format_exc()
    (folder / "result.json").write_text(json.dumps(result))


if __name__ == "__main__":
    assert Path(sys.modules["pipeline"].__file__).is_relative_to(Path.cwd())
    main(Path(sys.argv[1]))
