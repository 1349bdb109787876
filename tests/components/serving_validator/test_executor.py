"""The ServingValidator runs for real: a fresh process on a stand-in."""

import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from components.evaluation.served import ServedModel, query_batches
from schema.features import FeatureSet
from schema.served.blessing import bless


@pytest.fixture
def validate(tmp_path, shop, stand_in, artifact):
    """Predicts with one stand-in, validates (perhaps another), and returns validation and blessing."""
    from tfx.types import standard_artifacts

    from components.artifacts import RecommenderMetrics
    from components.evaluation.examples import first_values, read_split, texts
    from components.recommender_evaluator.executor import _write_predictions
    from components.serving_validator.executor import Executor
    from components.serving_validator.settings import ServingValidatorSettings
    from components.settings import GateSettings

    def run(gates=None, change=None, key="model", **model):
        folder = tmp_path / key / "Format-Serving"
        stand_in(folder, **model)
        table = read_split(shop.examples, "test")
        answers = ServedModel(str(folder), FeatureSet(), 400).recommend(query_batches(table, FeatureSet()))
        predictions = tmp_path / "evaluation" / "predictions.parquet"
        users = texts(first_values(table, "user_id")).combine_chunks()
        _write_predictions(predictions, users, answers)
        if change:
            change(predictions, folder)
        blessing = artifact(standard_artifacts.InfraBlessing, tmp_path / "blessing")
        blessing_of_model = artifact(standard_artifacts.ModelBlessing, tmp_path / "model_blessing")
        bless(blessing_of_model, True, "", of_classic=key == "classic_model")
        Executor().Do(
            {
                "model_blessing": [blessing_of_model],
                "classic_model": [artifact(standard_artifacts.Model, tmp_path / "classic_model")],
                "model": [artifact(standard_artifacts.Model, tmp_path / "model")],
                "examples": [artifact(standard_artifacts.Examples, tmp_path / "examples")],
                "evaluation": [artifact(RecommenderMetrics, tmp_path / "evaluation")],
            },
            {"blessing": [blessing]},
            ServingValidatorSettings(
                features=FeatureSet(), gates=gates or GateSettings(), history_length=400
            ).to_properties(),
        )
        return json.loads((tmp_path / "blessing" / "validation.json").read_text()), blessing

    return run


def raise_scores_of_u05(predictions, _):
    table = pq.read_table(predictions).to_pandas()
    table.loc[table.user_id == "u05", "score"] += 0.5
    pq.write_table(pa.Table.from_pandas(table), predictions)


def test_a_model_that_serves_as_it_was_evaluated_is_blessed(validate, tmp_path):
    validation, blessing = validate()
    assert validation["blessed"] is True and validation["reasons"] == []
    assert validation["num_requests"] >= 50 and validation["num_different"] == 0
    assert 0 < validation["latency_ms"]["p50"] <= validation["latency_ms"]["p99"]
    assert validation["load_seconds"] > 0 and validation["resident_mb"] > 50
    assert blessing.get_int_custom_property("blessed") == 1
    assert {path.name for path in (tmp_path / "blessing").iterdir()} == {"INFRA_BLESSED", "validation.json"}


def test_another_score_than_offline_is_not_blessed(validate, tmp_path):
    from components.settings import GateSettings

    validation, blessing = validate(
        gates=GateSettings(max_different_answers=0.03), change=raise_scores_of_u05
    )
    assert blessing.get_int_custom_property("blessed") == 0
    # 100 requests go through 24 users: the sixth is asked 4 times.
    assert validation["num_different"] == 4
    assert validation["reasons"][0].startswith(
        "4 of 100 answers differ from the offline ones, more than `gates.max_different_answers` allows, "
        "first of user 'u05'"
    )
    assert (tmp_path / "blessing" / "INFRA_NOT_BLESSED").exists()


def test_a_few_answers_may_differ(validate):
    from components.settings import GateSettings

    validation, _ = validate(gates=GateSettings(max_different_answers=0.04), change=raise_scores_of_u05)
    assert validation["blessed"] is True and validation["num_different"] == 4
    assert all("user 'u05'" in difference for difference in validation["different"])


def test_a_slow_model_is_not_blessed(validate):
    from components.settings import GateSettings

    validation, _ = validate(gates=GateSettings(max_latency_ms=0.001))
    assert validation["blessed"] is False
    assert "above `gates.max_latency_ms`, 0.001 ms" in validation["reasons"][0]


def test_a_model_that_does_not_load_is_not_blessed_and_the_reason_is_kept(validate):
    validation, blessing = validate(change=lambda _, folder: (folder / "saved_model.pb").write_text("broken"))
    assert validation["blessed"] is False
    assert validation["reasons"][0].startswith(
        "The model does not serve: the fresh process ended with code 1"
    )
    assert "does not serve" in blessing.get_string_custom_property("blessing_message")


def test_what_is_served_in_place_of_a_refused_model_is_validated(validate):
    validation, _ = validate(key="classic_model")
    assert validation["blessed"] is True and validation["num_requests"] == 100
