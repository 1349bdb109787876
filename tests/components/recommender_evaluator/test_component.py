"""Wiring of the RecommenderEvaluator."""


def test_wiring(shop):
    from tfx import types
    from tfx.types import standard_artifacts

    from components.artifacts import BaselineLists, CandidateIndex, Interactions, RecommenderMetrics
    from components.recommender_evaluator.component import RecommenderEvaluator
    from components.recommender_evaluator.settings import RecommenderEvaluatorSettings
    from components.settings import GateSettings
    from schema.features import FeatureSet
    from schema.windows import TimeWindows

    settings = RecommenderEvaluatorSettings(
        windows=shop.windows,
        features=FeatureSet(),
        gates=GateSettings(min_ndcg=0.1),
        seed=1,
        push_directory="serving",
        history_length=400,
    )
    node = RecommenderEvaluator(
        settings,
        model=types.Channel(type=standard_artifacts.Model),
        classic_model=types.Channel(type=standard_artifacts.Model),
        examples=types.Channel(type=standard_artifacts.Examples),
        interactions=types.Channel(type=Interactions),
        baselines=types.Channel(type=BaselineLists),
        index=types.Channel(type=CandidateIndex),
        transform_graph=types.Channel(type=standard_artifacts.TransformGraph),
    )
    assert node.outputs["evaluation"].type is RecommenderMetrics
    assert node.outputs["blessing"].type is standard_artifacts.ModelBlessing
    assert TimeWindows.from_json(node.exec_properties["windows"]) == shop.windows
    assert RecommenderEvaluatorSettings.from_properties(node.exec_properties) == settings
