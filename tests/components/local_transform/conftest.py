"""Writes rows, given as name -> list of values, as tf.Examples."""

import pytest

from tests.tf_examples import serialized


@pytest.fixture
def write_examples():
    def write(path, rows):
        import tensorflow as tf

        path.parent.mkdir(parents=True, exist_ok=True)
        with tf.io.TFRecordWriter(str(path), "GZIP") as writer:
            for row in rows:
                writer.write(serialized(row))
        return path

    return write
