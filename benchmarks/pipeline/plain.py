"""The straightforward way: CsvExampleGen on the joined rows, and a standard Transform."""

from __future__ import annotations

from typing import Any, Final

import tensorflow as tf
import tensorflow_transform as tft
from tensorflow_metadata.proto.v0 import schema_pb2
from tfx import v1 as tfx

TEXTS: Final = (
    "user_id",
    "product_id",
    "basket_id",
    "occurred_at",
    "age",
    "income",
    "department",
    "product_category",
    "product_type",
    "brand",
)
NUMBERS: Final = {"quantity": schema_pb2.INT, "price": schema_pb2.FLOAT}
_NO_VOCABULARY: Final = ("basket_id", "occurred_at")


def preprocessing_fn(inputs: dict[str, Any]) -> dict[str, Any]:
    """Vocabularies for texts, z-scores for numbers, as tutorials do."""
    outputs = {
        name: tft.compute_and_apply_vocabulary(inputs[name], num_oov_buckets=1)
        for name in TEXTS
        if name not in _NO_VOCABULARY
    }
    outputs |= {name: tft.scale_to_z_score(tf.cast(inputs[name], tf.float32)) for name in NUMBERS}
    return outputs


def schema() -> schema_pb2.Schema:
    """The columns of the joined rows, each with one value."""
    kinds = dict.fromkeys(TEXTS, schema_pb2.BYTES) | NUMBERS
    made = schema_pb2.Schema()
    for name, kind in kinds.items():
        feature = made.feature.add(name=name, type=kind)
        feature.shape.dim.add(size=1)
        feature.presence.min_fraction = 1.0
    return made


def nodes(folder: str, schema_file: str) -> dict[str, Any]:
    """The nodes on the CSV files of a folder."""
    examples = tfx.components.CsvExampleGen(input_base=folder)
    imported = tfx.components.ImportSchemaGen(schema_file=schema_file)
    transform = tfx.components.Transform(
        examples=examples.outputs["examples"],
        schema=imported.outputs["schema"],
        preprocessing_fn=f"{__name__}.preprocessing_fn",
        disable_statistics=True,  # ours does without them as well
    )
    return {"CsvExampleGen": examples, "ImportSchemaGen": imported, "Transform": transform}
