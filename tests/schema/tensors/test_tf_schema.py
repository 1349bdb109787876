from __future__ import annotations

import pytest
from tensorflow_metadata.proto.v0 import schema_pb2

from schema import names
from schema.features import FeatureColumn, FeatureSet, Kind
from schema.tensors import tf_schema

FEATURES = FeatureSet(
    users=(FeatureColumn(name="city", kind=Kind.CATEGORY), FeatureColumn(name="note", kind=Kind.IGNORE)),
    products=(
        FeatureColumn(name="title", kind=Kind.TEXT),
        FeatureColumn(name="price", kind=Kind.NUMBER),
        FeatureColumn(name="image", kind=Kind.EMBEDDING, dim=4),
    ),
    event_types=("view", "purchase"),
)


@pytest.fixture
def by_name():
    schema = tf_schema.build_schema(FEATURES, {"user__city": ["Ulm", "Bonn"]})
    return {feature.name: feature for feature in schema.feature}


def test_every_raw_feature_is_there_and_ignored_columns_are_not(by_name):
    assert set(by_name) == {
        "user_id", "query_time", "query_kind", "target_end", "history_product_id", "history_time",
        "history_event_type", "target_product_id", "target_weight", "product_id", "available", "created_at",
        "user__city", "product__title", "product__price", "product__image",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("name", "absent"),
    [
        (names.USER_ID, {"CATALOG"}),
        (names.TARGET_WEIGHT, {"CATALOG", "SERVING"}),
        (names.PRODUCT_ID, {"QUERY", "SERVING"}),
        ("user__city", {"CATALOG"}),
        ("product__image", {"QUERY", "SERVING"}),
    ],
)
def test_features_belong_to_their_environments(by_name, name, absent):
    assert set(by_name[name].not_in_environment) == absent


def test_types_lengths_and_domains(by_name):
    image = by_name["product__image"]
    assert (image.type, image.value_count.min, image.value_count.max) == (schema_pb2.FLOAT, 4, 4)
    assert list(by_name["user__city"].string_domain.value) == ["Bonn", "Ulm"]
    assert by_name["user__city"].distribution_constraints.min_domain_mass < 1
    assert by_name["user__city"].drift_comparator.infinity_norm.threshold > 0
    assert by_name["product__price"].drift_comparator.jensen_shannon_divergence.threshold > 0
    assert list(by_name["history_event_type"].string_domain.value) == ["purchase", "view"]
    assert by_name["product_id"].presence.min_fraction == 1
    assert not by_name["user__city"].HasField("presence")


def test_no_feature_has_a_fixed_shape_which_the_other_kind_of_row_could_not_have(by_name):
    assert not any(feature.HasField("shape") for feature in by_name.values())


def test_the_schema_survives_the_file(tmp_path):
    features = FeatureSet(users=(FeatureColumn(name="größe", kind=Kind.CATEGORY),))
    schema = tf_schema.build_schema(features)
    tf_schema.write_schema(schema, tmp_path / tf_schema.SCHEMA_FILE)
    (raw,) = features.user_columns()
    assert f'name: "{raw}"' in (tmp_path / "schema.pbtxt").read_text(encoding="utf-8")
    assert tf_schema.read_schema(tmp_path / "schema.pbtxt") == schema
