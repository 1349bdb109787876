"""Writes rows, given as name -> list of values, as tf.Examples."""

import pytest


def serialized(row):
    import tensorflow as tf

    message = tf.train.Example()
    for name, values in row.items():
        feature = message.features.feature[name]
        if isinstance(values[0], str):
            feature.bytes_list.value.extend(value.encode() for value in values)
        elif isinstance(values[0], float):
            feature.float_list.value.extend(values)
        else:
            feature.int64_list.value.extend(values)
    return message.SerializeToString(deterministic=True)


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
