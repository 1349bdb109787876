"""Records are read in order, in batches of bounded size, with the columns that are asked for."""

from __future__ import annotations

import pytest

ROWS = [{"word": [str(number)], "size": [number, -number]} for number in range(10)]


@pytest.fixture(scope="module")
def schema():
    from tensorflow_metadata.proto.v0 import schema_pb2

    made = schema_pb2.Schema()
    made.feature.add(name="word", type=schema_pb2.BYTES)
    made.feature.add(name="size", type=schema_pb2.INT)
    return made


@pytest.fixture
def files(tmp_path, write_examples):
    return [
        str(write_examples(tmp_path / f"data-{shard:05d}-of-00002.gz", ROWS[shard * 6 : shard * 6 + 6]))
        for shard in range(2)
    ]


def words(batch):
    return [word.decode() for word in batch["word"].values.numpy()]


def test_the_files_of_a_split_are_in_the_order_of_their_names(files):
    from components.local_transform.records import shard_files

    assert shard_files(files[0].rsplit("/", 1)[0]) == files


def test_all_records_in_order_with_all_columns(files, schema):
    from components.local_transform.records import Records

    (batch,) = Records(files, schema).batches()
    assert words(batch) == [str(number) for number in range(10)]
    assert batch["size"].values.numpy().tolist()[:4] == [0, 0, 1, -1]
    assert batch["size"].dense_shape.numpy().tolist() == [10, 2]


def test_columns_that_are_not_asked_for_are_not_parsed(files, schema):
    from components.local_transform.records import Records

    records = Records([], schema).of_files(files, {"word"})
    assert set(records.type_specs()) == {"word"}
    assert [set(batch) for batch in records.batches()] == [{"word"}]


@pytest.mark.parametrize(("limit", "value"), [("_MAX_RECORDS", 4), ("_MAX_BYTES", 100)])
def test_batches_are_bounded(files, schema, monkeypatch, limit, value):
    """A record of these has some 40 bytes: 100 of them are reached by the second two."""
    from components.local_transform import records

    monkeypatch.setattr(records, "_RECORDS_AT_ONCE", 2)
    monkeypatch.setattr(records, limit, value)
    found = [words(batch) for batch in records.Records(files, schema).batches()]
    assert found == [["0", "1", "2", "3"], ["4", "5", "6", "7"], ["8", "9"]]
