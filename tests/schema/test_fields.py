"""Every stage has the fields of the table, and none of its own."""

from dataclasses import fields

from schema import names
from schema.features import FeatureSet
from schema.fields import DENSE, HISTORY, RAW, TRANSFORMED
from schema.served.request import Query, encode_queries
from schema.tensors.tf_schema import build_schema


def test_names_are_told_apart_within_a_stage():
    for stage in (RAW, TRANSFORMED, DENSE):
        assert len(set(stage)) == len(HISTORY)


def test_the_product_comes_first():
    # The length of a history is that of its products.
    assert HISTORY[0].column == names.PRODUCT_ID


def test_queries_and_requests_have_them():
    assert {field.of_query for field in HISTORY} <= {attribute.name for attribute in fields(Query)}
    inputs = encode_queries(FeatureSet(), [Query("u", 5, ["a", "b"], [1, 2], ["view", "buy"])], 1)
    assert {name for name in inputs if name.startswith("history_")} == set(RAW)
    assert [inputs[name][0, 0] for name in RAW] == [b"b", 2, b"buy"]


def test_the_schema_has_them():
    found = {feature.name for feature in build_schema(FeatureSet()).feature}
    assert {name for name in found if name.startswith("history_")} == set(RAW)


def test_parsing_specs_have_them():
    from schema.tensors.transformed import candidate_spec, query_spec

    for spec, expected in ((query_spec, TRANSFORMED), (candidate_spec, DENSE)):
        assert {name for name in spec(FeatureSet()) if name.startswith("history_")} == set(expected)
