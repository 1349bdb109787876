"""The TensorFlow Metadata schema of the raw examples, made from the feature columns and then frozen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from google.protobuf import text_format
from tensorflow_metadata.proto.v0 import schema_pb2

from schema import names
from schema.features import FeatureColumn, FeatureSet, Kind
from schema.fields import HISTORY

QUERY: Final = "QUERY"
"""Environment of the splits train, eval and test."""
CATALOG: Final = "CATALOG"
"""Environment of the split catalog."""
SERVING: Final = "SERVING"
"""Environment of a request: a query without targets."""

SCHEMA_FILE: Final = "schema.pbtxt"

_ENVIRONMENTS: Final = (QUERY, CATALOG, SERVING)
_MIN_DOMAIN_MASS: Final = 0.9
_MAX_DRIFT: Final = 0.3
_TYPES: Final = {
    Kind.CATEGORY: schema_pb2.BYTES,
    Kind.TEXT: schema_pb2.BYTES,
    Kind.SET: schema_pb2.BYTES,
    Kind.HIERARCHY: schema_pb2.BYTES,
    Kind.NUMBER: schema_pb2.FLOAT,
    Kind.EMBEDDING: schema_pb2.FLOAT,
}


def build_schema(
    features: FeatureSet, known_values: Mapping[str, Sequence[str]] | None = None
) -> schema_pb2.Schema:
    """Returns the schema of query and catalog rows.

    Both kinds of rows share it, so no feature has a fixed shape; what a kind of row must have holds in
    its environment (`QUERY`, `CATALOG`, `SERVING`).

    Args:
        features: Feature columns and event types.
        known_values: Raw feature of a category -> its values, where they are few enough to list; most
            of the later data must be among them.
    """
    known = dict(known_values or {})
    schema = schema_pb2.Schema(default_environment=_ENVIRONMENTS)
    _add_query_features(schema, features)
    _add_catalog_features(schema)
    for environments, columns in (
        ((QUERY, SERVING), features.user_columns()),
        ((CATALOG,), features.product_columns()),
    ):
        for name, column in columns.items():
            _add_column(schema, name, column, environments, known.get(name, ()))
    return schema


def write_schema(schema: schema_pb2.Schema, path: Path) -> None:
    """Writes the schema as text, which `ImportSchemaGen` reads and people can edit."""
    path.write_text(text_format.MessageToString(schema, as_utf8=True), encoding="utf-8")


def read_schema(path: Path) -> schema_pb2.Schema:
    """Reads what `write_schema` wrote."""
    return text_format.Parse(path.read_text(encoding="utf-8"), schema_pb2.Schema())


def _add_query_features(schema: schema_pb2.Schema, features: FeatureSet) -> None:
    both, query = (QUERY, SERVING), (QUERY,)
    _add(schema, names.USER_ID, schema_pb2.BYTES, both, required=True, length=1)
    _add(schema, names.QUERY_TIME, schema_pb2.INT, both, required=True, length=1)
    kind = _add(schema, names.QUERY_KIND, schema_pb2.BYTES, query, required=True, length=1)
    kind.string_domain.value.extend([names.KIND_BASKET, names.KIND_WINDOW])
    _add(schema, names.TARGET_END, schema_pb2.INT, query, required=True, length=1)
    history = {
        field.raw: _add(schema, field.raw, schema_pb2.BYTES if field.is_text else schema_pb2.INT, both)
        for field in HISTORY
    }
    _set_domain(history[names.HISTORY_EVENT_TYPE], features.event_types)
    _add(schema, names.TARGET_PRODUCT_ID, schema_pb2.BYTES, query, required=True)
    weight = _add(schema, names.TARGET_WEIGHT, schema_pb2.FLOAT, query, required=True)
    weight.float_domain.min = 0.0


def _add_catalog_features(schema: schema_pb2.Schema) -> None:
    _add(schema, names.PRODUCT_ID, schema_pb2.BYTES, (CATALOG,), required=True, length=1)
    available = _add(schema, names.AVAILABLE, schema_pb2.INT, (CATALOG,), length=1)
    available.int_domain.min, available.int_domain.max = 0, 1
    _add(schema, names.CREATED_AT, schema_pb2.INT, (CATALOG,), length=1)


def _add_column(
    schema: schema_pb2.Schema,
    name: str,
    column: FeatureColumn,
    environments: Sequence[str],
    values: Sequence[str],
) -> None:
    length = column.dim if column.kind is Kind.EMBEDDING else 1
    feature = _add(
        schema, name, _TYPES[column.kind], environments, length=None if column.has_members else length
    )
    if column.kind is Kind.CATEGORY or column.has_members:
        _set_domain(feature, values)
    elif column.kind is Kind.NUMBER:
        feature.drift_comparator.jensen_shannon_divergence.threshold = _MAX_DRIFT


def _set_domain(feature: schema_pb2.Feature, values: Sequence[str]) -> None:
    feature.drift_comparator.infinity_norm.threshold = _MAX_DRIFT
    if values:
        feature.string_domain.value.extend(sorted(values))
        feature.distribution_constraints.min_domain_mass = _MIN_DOMAIN_MASS


def _add(
    schema: schema_pb2.Schema,
    name: str,
    feature_type: schema_pb2.FeatureType,
    environments: Sequence[str],
    required: bool = False,
    length: int | None = None,
) -> schema_pb2.Feature:
    """Adds a feature; `length` is the number of values of a row that has it, None for any."""
    elsewhere = [environment for environment in _ENVIRONMENTS if environment not in environments]
    feature = schema.feature.add(name=name, type=feature_type, not_in_environment=elsewhere)
    if required:
        feature.presence.min_fraction = 1.0
        feature.presence.min_count = 1
    if length is not None:
        feature.value_count.min = feature.value_count.max = length
    return feature
