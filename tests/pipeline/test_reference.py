"""The JSON schema of a configuration file accepts what Towerline accepts."""

import json

import jsonschema_rs
import pytest

from pipeline.config.settings import TowerlineConfig
from pipeline.reference import config_keys, configuration_schema

RULE = {"action": "at_most", "of": "brand", "count": 2}


@pytest.fixture(scope="module")
def validator():
    return jsonschema_rs.validator_for(json.loads(configuration_schema()))


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"source": {"url": "sqlite:///shop.db", "tables": {"events": {"table": "orders"}}}, "seed": 1},
        {"post_ranking": {"diversity": 0.2, "rules": [RULE]}},
        {"features": {"products": {"colour": "category"}}, "split": {"eval_window": "14d"}},
    ],
)
def test_what_is_right(validator, values):
    TowerlineConfig.parse(values)
    assert validator.is_valid(values)


@pytest.mark.parametrize(
    "values",
    [
        {"sead": 1},
        {"retrieval": {"embeding_dim": 3}},
        {"post_ranking": {"diversity": 2}},
        {"split": {"eval_window": "a week"}},
    ],
)
def test_what_is_wrong(validator, values):
    assert not validator.is_valid(values)


def test_the_schema_has_the_keys_of_the_page():
    schema = json.loads(configuration_schema())

    def keys(node, prefix=""):
        for name, value in node["properties"].items():
            if "$ref" in value and "properties" in (inner := schema["$defs"][value["$ref"].split("/")[-1]]):
                yield from keys(inner, f"{prefix}{name}.")
            else:
                yield prefix + name

    assert set(keys(schema)) == {name for name, _, _ in config_keys()}
