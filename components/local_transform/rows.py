"""Transformed rows as compressed TFRecord files of tf.Examples."""

from __future__ import annotations

import os

import tensorflow as tf
from tensorflow_transform import impl_helper
from tfx_bsl.coders.example_coder import RecordBatchToExamplesEncoder

from components.local_transform.analysis import Analyzed, load
from components.local_transform.graph_files import transformed_metadata
from components.local_transform.records import Records

_COMPRESSION_LEVEL = 1


class RowWriter:
    """Writes splits; loading the graph costs as much as some ten thousand rows, so it is loaded once.

    Args:
        analyzed: The graph.
        records: Records of the kind that is written, for their columns.
    """

    def __init__(self, analyzed: Analyzed, records: Records) -> None:
        schema = transformed_metadata(analyzed).schema
        self._columns = analyzed.columns
        self._converter = impl_helper.make_tensor_to_arrow_converter(schema)
        self._encoder = RecordBatchToExamplesEncoder(schema)
        self._transform = load(analyzed.model, records.of_files((), analyzed.columns).type_specs())

    def write(self, records: Records, folder: str) -> None:
        """Writes a file for each file of `records`, its rows in their order, to the folder of a split."""
        options = tf.io.TFRecordOptions(compression_type="GZIP", compression_level=_COMPRESSION_LEVEL)
        tf.io.gfile.makedirs(folder)
        for shard, file in enumerate(records.files):
            name = f"transformed_examples-{shard:05d}-of-{len(records.files):05d}.gz"
            with tf.io.TFRecordWriter(os.path.join(folder, name), options) as writer:
                for batch in records.of_files((file,), self._columns).batches():
                    for record in self._encoder.encode(self._converter.convert(dict(self._transform(batch)))):
                        writer.write(record)
