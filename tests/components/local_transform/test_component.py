"""Transform is TFX's, with an executor of ours."""

from __future__ import annotations

import pytest


@pytest.fixture(scope="module")
def node():
    from tfx import v1 as tfx
    from tfx.types.standard_artifacts import Examples, Schema

    from components.local_transform.component import Transform

    return Transform(
        examples=tfx.dsl.Channel(type=Examples),
        schema=tfx.dsl.Channel(type=Schema),
        preprocessing_fn="transform.preprocessing.preprocessing_fn",
        splits_config=tfx.proto.SplitsConfig(analyze=["train"], transform=["train"]),
        custom_config={"features": "{}"},
    )


def test_its_outputs(node):
    assert set(node.outputs) == {"transform_graph", "transformed_examples"}
    assert node.exec_properties["disable_statistics"] == 1


def test_its_executor(node):
    from tfx.components import Transform as TfxTransform

    from components.local_transform.executor import Executor

    assert isinstance(node, TfxTransform)
    assert node.executor_spec.executor_class is Executor
