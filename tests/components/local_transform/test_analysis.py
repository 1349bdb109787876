"""Analyzers that need each other's results, on numbers worked out by hand."""

from __future__ import annotations

import pytest


@pytest.fixture
def records(tmp_path, write_examples):
    from tensorflow_metadata.proto.v0 import schema_pb2

    from components.local_transform.records import Records

    schema = schema_pb2.Schema()
    for name in ("size", "weight", "unread"):
        feature = schema.feature.add(name=name, type=schema_pb2.FLOAT)
        feature.shape.dim.add(size=1)
        feature.presence.min_fraction = 1.0
    rows = [{"size": [size], "weight": [10.0 * size], "unread": [0.0]} for size in (4.0, 2.0, 6.0, 3.0)]
    return Records([str(write_examples(tmp_path / "data.gz", rows))], schema)


def shares(inputs):
    """The largest of the shifted sizes is known only when the smallest size is."""
    import tensorflow_transform as tft

    shifted = inputs["size"] - tft.min(inputs["size"])
    return {"share": shifted / tft.max(shifted), "weight": inputs["weight"] / tft.max(inputs["weight"])}


def test_phases(records, tmp_path):
    """2 is the least and 6 the largest: (size - 2) / 4. Weights are divided by 60."""
    from components.local_transform.analysis import analyze, load

    analyzed = analyze(shares, records, str(tmp_path / "work"))
    assert analyzed.columns == {"size", "weight"}
    read = records.of_files(records.files, analyzed.columns)
    (batch,) = read.batches()
    found = load(analyzed.model, read.type_specs())(batch)
    assert found["share"].numpy().ravel().tolist() == [0.5, 0.0, 1.0, 0.25]
    assert found["weight"].numpy().ravel().tolist() == pytest.approx([40 / 60, 20 / 60, 1.0, 30 / 60])


def test_an_analyzer_that_is_not_known(records, tmp_path):
    import tensorflow as tf
    import tensorflow_transform as tft

    from components.local_transform.analysis import analyze
    from components.local_transform.operations import Unsupported

    def weighted(inputs):
        sizes = inputs["size"][:, 0]
        tft.vocabulary(tf.strings.as_string(sizes), weights=sizes, vocab_filename="sizes")
        return {"size": inputs["size"]}

    with pytest.raises(Unsupported, match="vocab_ordering_type"):
        analyze(weighted, records, str(tmp_path / "work"))
