"""Batches of the records of TFRecord files, as tensors."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

import tensorflow as tf
from tensorflow_metadata.proto.v0 import schema_pb2
from tfx_bsl.coders.example_coder import ExamplesToRecordBatchDecoder
from tfx_bsl.tfxio.tensor_adapter import TensorAdapter
from tfx_bsl.tfxio.tensor_representation_util import ProjectTensorRepresentationsInSchema
from tfx_bsl.tfxio.tf_example_record import TFExampleBeamRecord

_TELEMETRY, _FORMAT = ["Transform"], "tfrecords_gzip"
_RECORDS_AT_ONCE = 128
_MAX_RECORDS = 2_048
_MAX_BYTES = 4 << 20


def shard_files(folder: str) -> list[str]:
    """Files of a split, in the order of their names."""
    return sorted(tf.io.gfile.glob(os.path.join(folder, "*")))


class Records:
    """The tf.Examples of some files.

    Args:
        files: Compressed TFRecord files.
        schema: Of the examples.
        columns: Columns that are parsed; all if None.
    """

    def __init__(
        self, files: Sequence[str], schema: schema_pb2.Schema, columns: Collection[str] | None = None
    ) -> None:
        self.files = tuple(files)
        self._schema, self._columns = schema, columns
        self._parsed = schema
        if columns is not None:
            self._parsed = ProjectTensorRepresentationsInSchema(schema, sorted(columns))
        self._source = TFExampleBeamRecord(_FORMAT, _TELEMETRY, self._parsed)

    def of_files(self, files: Sequence[str], columns: Collection[str] | None = None) -> Records:
        """Returns records of the same kind."""
        return Records(files, self._schema, columns)

    def with_files(self, files: Sequence[str]) -> Records:
        """Returns records of the same kind and the same columns."""
        return Records(files, self._schema, self._columns)

    def type_specs(self) -> dict[str, tf.TypeSpec]:
        """Column -> type of its tensors."""
        specs: dict[str, tf.TypeSpec] = self._source.TensorAdapter().OriginalTypeSpecs()
        return specs

    def batches(self) -> Iterator[Mapping[str, Any]]:
        """Yields the tensors of a few megabytes of records at a time: a row has up to thousands of events."""
        adapter = TensorAdapter(self._source.TensorAdapterConfig())
        decoder = ExamplesToRecordBatchDecoder(self._parsed.SerializeToString())
        for records in self._records():
            yield adapter.ToBatchTensors(decoder.DecodeBatch(records), produce_eager_tensors=True)

    def _records(self) -> Iterator[list[bytes]]:
        dataset = tf.data.TFRecordDataset(list(self.files), "GZIP", buffer_size=1 << 20)
        pending: list[bytes] = []
        size = 0
        for some in dataset.batch(_RECORDS_AT_ONCE).as_numpy_iterator():
            pending.extend(some)
            size += sum(map(len, some))
            if len(pending) >= _MAX_RECORDS or size >= _MAX_BYTES:
                yield pending
                pending, size = [], 0
        if pending:
            yield pending
