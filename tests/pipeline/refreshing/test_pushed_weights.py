"""From which weights a run may begin, and what it is told of them."""

import json
from dataclasses import replace
from types import SimpleNamespace

import pytest

from pipeline.config.settings import TowerlineConfig
from pipeline.metadata.records import Artifact, Execution
from pipeline.planning.plan import PushedWeights
from pipeline.planning.planner import make_plan
from pipeline.refreshing import pushed_weights
from pipeline.refreshing.pushed_weights import with_warm_start
from schema.features import FeatureSet
from schema.source_settings import SourceSettings

MODELS = ("retrieval_model", "ranking_model", "transform_graph")


@pytest.fixture
def plan(tmp_path, write_checkerboard):
    """`plan(forgotten, **settings)`: a run that has been planned."""
    url = write_checkerboard(tmp_path / "shop.db", num_users=20, num_products=16)

    def make(forgotten=(), **settings):
        config = TowerlineConfig.parse({"source": {"url": url}} | settings)
        planned = make_plan(config, str(tmp_path / "work"))
        source = planned.plan.config.source.model_copy(update={"forgotten": tuple(forgotten)})
        config = planned.plan.config.model_copy(update={"source": source})
        return replace(planned, plan=planned.plan.model_copy(update={"config": config}))

    return make


@pytest.fixture
def pushed(plan, tmp_path, monkeypatch):
    """`pushed(features, left_out)`: records of a version 1000, whose refit was pushed."""
    (tmp_path / "work" / "serving" / "1000").mkdir(parents=True)
    for name in MODELS:
        (tmp_path / name).mkdir()

    def record(features, left_out=()):
        artifacts = {
            name: Artifact("Model", str(tmp_path / name), id=number) for number, name in enumerate(MODELS)
        }
        examples, evaluated = (Artifact("Examples", "", id=7), Artifact("Model", "", id=8))
        source = {"source": SourceSettings(forgotten=tuple(left_out)).to_json()}
        reading = Execution(1, "ProductExampleGen", "COMPLETE", 0, 1, properties=source)
        assembler = Execution(2, "RecommenderAssembler", "COMPLETE", 0, 1)
        inputs = {key: [artifact] for key, artifact in artifacts.items()} | {"examples": [examples]}
        graph = SimpleNamespace(
            maker=lambda artifact: {7: reading, 8: assembler}[artifact.id], inputs=lambda execution: inputs
        )
        parts = SimpleNamespace(
            artifacts={"evaluated_model": evaluated},
            features=lambda: features,
            version="1200",
            trained="1000",
        )
        monkeypatch.setattr(pushed_weights, "open_graph", lambda location: graph)
        monkeypatch.setattr(pushed_weights, "find_parts", lambda graph, directory: parts)

    return record


def test_nothing_is_looked_for_unless_it_is_wanted(plan):
    planned = plan()
    assert with_warm_start(planned) is planned and planned.plan.warm_start is None


def test_a_first_run_begins_cold_and_says_so(plan):
    found = with_warm_start(plan(warm_start=True))
    assert found.plan.warm_start is None
    assert "nothing has been pushed to" in found.notes[-1] and "begins cold" in found.notes[-1]


def test_a_run_begins_from_what_was_evaluated(plan, pushed, tmp_path):
    planned = plan(["aa", "bb"], warm_start=True)
    pushed(planned.plan.features, ["bb", "aa", "cc"])
    found = with_warm_start(planned)
    assert found.plan.warm_start == PushedWeights(
        version="1000", **{name: str(tmp_path / name) for name in MODELS}
    )
    assert "begin from the weights of version 1000" in found.notes[-1]


def test_weights_that_have_learned_from_the_forgotten_are_left(plan, pushed):
    planned = plan(["aa", "bb"], warm_start=True)
    pushed(planned.plan.features, ["aa"])
    found = with_warm_start(planned)
    assert found.plan.warm_start is None
    assert "have learned from the events of forgotten users: 1." in found.notes[-1]


def test_weights_of_other_columns_are_left(plan, pushed):
    planned = plan(warm_start=True)
    pushed(FeatureSet(event_types=("other",)))
    found = with_warm_start(planned)
    assert found.plan.warm_start is None and "frozen anew" in found.notes[-1]


def test_parts_that_are_gone_are_told(plan, pushed, tmp_path):
    planned = plan(warm_start=True)
    pushed(planned.plan.features)
    (tmp_path / "ranking_model").rmdir()
    found = with_warm_start(planned)
    assert found.plan.warm_start is None
    assert "`ranking_model` that was evaluated for version 1000 is not in" in found.notes[-1]


def test_the_trainers_are_wired_to_them(plan, tmp_path):
    from pipeline.create_pipeline import create_pipeline

    weights = PushedWeights(version="1000", **{name: str(tmp_path / name) for name in MODELS})
    planned = plan(warm_start=True)
    cold = {node.id: node for node in create_pipeline(planned.plan).components}
    plan_of_warm = planned.plan.model_copy(update={"warm_start": weights})
    warm = {node.id: node for node in create_pipeline(plan_of_warm).components}
    assert set(warm) - set(cold) == {"PushedTowers", "PushedRanker"}
    for trainer, importer in (("RetrievalTrainer", "PushedTowers"), ("RankingTrainer", "PushedRanker")):
        assert warm[trainer].inputs["base_model"] is warm[importer].outputs["result"]
        told = json.loads(warm[trainer].exec_properties["custom_config"])["warm_start"]
        assert told["version"] == "1000" and told["transform_graph"] == str(tmp_path / "transform_graph")
        assert told["retrieval_model"] == str(tmp_path / "retrieval_model" / "Format-Serving")
    assert "base_model" not in cold["RetrievalTrainer"].inputs
    assert warm["RetrievalRefit"].inputs["base_model"] is warm["RetrievalTrainer"].outputs["model"]
    assert "warm_start" not in json.loads(cold["RankingTrainer"].exec_properties["custom_config"])
