"""Wiring of the ServingValidator."""


def test_wiring():
    from tfx import types
    from tfx.types import standard_artifacts

    from components.artifacts import RecommenderMetrics
    from components.serving_validator.component import ServingValidator
    from components.serving_validator.settings import ServingValidatorSettings
    from components.settings import GateSettings
    from schema.features import FeatureSet

    node = ServingValidator(
        ServingValidatorSettings(features=FeatureSet(), gates=GateSettings(), history_length=400),
        model=types.Channel(type=standard_artifacts.Model),
        classic_model=types.Channel(type=standard_artifacts.Model),
        model_blessing=types.Channel(type=standard_artifacts.ModelBlessing),
        examples=types.Channel(type=standard_artifacts.Examples),
        evaluation=types.Channel(type=RecommenderMetrics),
    )
    assert node.outputs["blessing"].type is standard_artifacts.InfraBlessing
    assert node.exec_properties["history_length"] == 400
