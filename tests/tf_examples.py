"""tf.Examples from mappings."""


def serialized(row):
    """Name -> list of texts, floats or integers, as a serialised tf.Example; equal rows give equal bytes."""
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
