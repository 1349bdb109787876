"""Writes rows, given as name -> list of values, as tf.Examples."""

import pytest


@pytest.fixture
def write_examples(serialized_example):
    def write(path, rows):
        import tensorflow as tf

        path.parent.mkdir(parents=True, exist_ok=True)
        with tf.io.TFRecordWriter(str(path), "GZIP") as writer:
            for row in rows:
                writer.write(serialized_example(row))
        return path

    return write
