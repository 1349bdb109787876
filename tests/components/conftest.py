"""A tiny shop and a stand-in for the served model, both small enough to check by hand."""

import json
from types import SimpleNamespace

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

DAY = 86_400
NUM_USERS = 24
PRODUCTS = [f"p{number:02d}" for number in range(12)]
EVAL_START, TEST_START, NOW = 100 * DAY, 110 * DAY, 120 * DAY


def shop_events():
    """User i buys product i % 8 every tenth day, in the eval and test windows too; all buy p08 once."""
    rows = []
    for number in range(NUM_USERS):
        favourite = PRODUCTS[number % 8]
        rows += [(f"u{number:02d}", favourite, day * DAY + number) for day in range(15, 120, 10)]
        rows.append((f"u{number:02d}", "p08", 50 * DAY))
    return sorted(rows, key=lambda row: (row[0], row[2]))


def query_row(user, events, start, end):
    history = [row for row in events if row[0] == user and row[2] < start]
    targets = sorted({row[1] for row in events if row[0] == user and start <= row[2] < end})
    row = {"user_id": [user], "query_time": [start], "query_kind": ["window"], "target_end": [end]}
    if history:
        row["history_product_id"] = [item[1] for item in history]
        row["history_time"] = [item[2] for item in history]
        row["history_event_type"] = ["purchase"] * len(history)
    return row | {"target_product_id": targets, "target_weight": [1.0] * len(targets)}


@pytest.fixture
def shop(tmp_path, serialized_example):
    """Raw Examples and Interactions of the shop, and its windows."""
    import tensorflow as tf

    from schema.windows import TimeWindows

    events = shop_events()
    splits = {
        "eval": [query_row(user, events, EVAL_START, TEST_START) for user in sorted({e[0] for e in events})],
        "test": [query_row(user, events, TEST_START, NOW) for user in sorted({e[0] for e in events})],
        "catalog": [{"product_id": [product]} for product in PRODUCTS],
    }
    for split, rows in splits.items():
        folder = tmp_path / "examples" / f"Split-{split}"
        folder.mkdir(parents=True)
        with tf.io.TFRecordWriter(str(folder / "data_tfrecord-00000-of-00001.gz"), "GZIP") as writer:
            for row in rows:
                writer.write(serialized_example(row))
    (tmp_path / "interactions").mkdir()
    users, products, times = zip(*events, strict=True)
    table = pa.table({"user_id": users, "product_id": products, "occurred_at": times})
    table = table.append_column("weight", pa.array(np.ones(len(table)), pa.float32()))
    table = table.append_column("event_type", pa.array(["purchase"] * len(table)))
    pq.write_table(table, tmp_path / "interactions" / "part-00000.parquet")
    windows = TimeWindows(
        start=0,
        ranking_cutoffs=(80 * DAY,),
        retrieval_end=80 * DAY,
        window=10 * DAY,
        retrieval_cutoffs=(70 * DAY,),
        eval_start=EVAL_START,
        test_start=TEST_START,
        now=NOW,
    )
    return SimpleNamespace(
        examples=str(tmp_path / "examples"), interactions=str(tmp_path / "interactions"), windows=windows
    )


@pytest.fixture
def stand_in():
    """Writes a SavedModel with the contract's signature: own history by count (times `sign`), then p00 ..."""

    def write(directory, sign=1.0, metadata=None, noise=False):
        import tensorflow as tf

        from components.recommender.request import request_specs
        from schema.features import FeatureSet

        table = tf.constant(PRODUCTS)

        class StandIn(tf.Module):
            def recommend(self, top_k, exclude_purchased, **request):
                same = request["history_product_id"][:, :, tf.newaxis] == table
                count = tf.reduce_sum(tf.cast(same, tf.float32), axis=1)
                scores = sign * count - 0.01 * tf.range(len(PRODUCTS), dtype=tf.float32)
                if noise:
                    scores += tf.random.uniform(tf.shape(scores))
                scores = tf.where(tf.logical_and(exclude_purchased, count > 0), -1e9, scores)
                size = tf.minimum(tf.cast(top_k, tf.int32), len(PRODUCTS))
                values, places = tf.math.top_k(scores, size)
                pad = [[0, 0], [0, tf.cast(top_k, tf.int32) - size]]
                kept = values > -1e8
                ids = tf.pad(tf.where(kept, tf.gather(table, places), ""), pad)
                return {
                    "product_id": ids,
                    "score": tf.pad(values, pad, constant_values=float("nan")),
                    "source": tf.where(ids == "", "", "own_history"),
                }

            def rank(self, exclude_purchased, **request):
                whole = tf.constant(len(PRODUCTS), tf.int64)
                answer = self.recommend(whole, exclude_purchased, **request)
                scores = {"score": answer["score"], "adjusted": answer["score"]}
                return {"product_id": answer["product_id"], **scores}

        model = StandIn()
        specs = request_specs(FeatureSet())
        specs["exclude_purchased"] = tf.TensorSpec([], tf.bool, "exclude_purchased")
        top_k = tf.TensorSpec([], tf.int64, "top_k")
        signatures = {
            "recommend": tf.function(model.recommend).get_concrete_function(**specs, top_k=top_k),
            "rank": tf.function(model.rank).get_concrete_function(**specs),
        }
        tf.saved_model.save(model, str(directory), signatures=signatures)
        if metadata is not None:
            path = directory / "assets.extra" / "towerline.json"
            path.parent.mkdir(parents=True)
            path.write_text(json.dumps(metadata))

    return write


@pytest.fixture
def artifact():
    """Makes an artifact of a standard or own type at a path."""

    def make(cls, path):
        made = cls()
        path.mkdir(parents=True, exist_ok=True)
        made.uri = str(path)
        return made

    return make
