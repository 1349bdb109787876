"""A node's parameters are the fields of its settings."""

from __future__ import annotations

from typing import Literal

import pytest
from tfx.dsl.components.base.base_executor import EmptyExecutor
from tfx.dsl.components.base.executor_spec import ExecutorClassSpec
from tfx.types import Channel
from tfx.types.standard_artifacts import Examples, Model

from components.node import Node, NodeSettings
from schema.settings import Settings


class Inner(Settings):
    width: int = 3


class ToySettings(NodeSettings):
    count: int
    label: str
    share: float | Literal["auto"] = "auto"
    weights: dict[str, float] = {}
    cutoffs: tuple[int, ...] = ()
    refit: bool = False
    inner: Inner = Inner()


class Toy(Node):
    SETTINGS = ToySettings
    INPUTS = {"examples": Examples, "extra": Examples}
    OPTIONAL = frozenset({"extra"})
    OUTPUTS = {"model": Model}
    EXECUTOR_SPEC = ExecutorClassSpec(EmptyExecutor)


SETTINGS = ToySettings(
    count=2, label="ä", share=0.5, weights={"b": 1.0, "a": 0.0}, cutoffs=(1, 2), refit=True
)


def test_numbers_and_text_stay_and_the_rest_is_canonical_json():
    assert Toy(SETTINGS, examples=Channel(type=Examples)).exec_properties == {
        "count": 2,
        "label": "ä",
        "share": "0.5",
        "weights": '{"a": 0.0, "b": 1.0}',
        "cutoffs": "[1, 2]",
        "refit": "true",
        "inner": '{"width": 3}',
    }


def test_the_executor_gets_what_the_node_was_given():
    properties = Toy(SETTINGS, examples=Channel(type=Examples)).exec_properties
    assert ToySettings.from_properties(properties) == SETTINGS


def test_the_order_of_a_mapping_changes_no_property():
    swapped = SETTINGS.model_copy(update={"weights": {"a": 0.0, "b": 1.0}})
    assert swapped.to_properties() == SETTINGS.to_properties()


def test_inputs_are_checked_and_outputs_are_made():
    node = Toy(SETTINGS, examples=Channel(type=Examples), extra=None)
    assert node.outputs["model"].type is Model and set(node.inputs) == {"examples"}
    with pytest.raises(ValueError, match="Missing argument 'examples'"):
        Toy(SETTINGS)
    with pytest.raises(ValueError, match=r"reads the channels .*Received: \['unknown'\]"):
        Toy(SETTINGS, examples=Channel(type=Examples), unknown=Channel(type=Examples))
