"""The RecommenderEvaluator runs for real on the tiny shop."""

import json
import math

import numpy as np
import pyarrow.parquet as pq
import pytest

from components.evaluation.lists import CodeLists
from components.recommender_evaluator.executor import measure_new_for_you
from schema.features import FeatureSet
from schema.served.blessing import is_of_classic

FEATURES = FeatureSet()
PRODUCTS = [f"p{number:02d}" for number in range(12)]

SOLD = np.array([True, True, False, False, False])


def write_vocabulary(directory, product_ids):
    """As much of a transform graph as names the products of an index."""
    assets = directory / "transform_fn" / "assets"
    assets.mkdir(parents=True, exist_ok=True)
    (assets / "product_id").write_text("\n".join(product_ids) + "\n")


@pytest.fixture
def evaluate(tmp_path, shop, stand_in, artifact):
    """Runs the executor on a stand-in; returns metrics, blessing and the evaluation's folder."""
    from tfx.types import standard_artifacts

    from components.artifacts import BaselineLists, CandidateIndex, Interactions, RecommenderMetrics
    from components.baseline_recommender.executor import Executor as BaselineExecutor
    from components.baseline_recommender.settings import BaselineRecommenderSettings
    from components.recommender_evaluator.executor import Executor
    from components.recommender_evaluator.settings import RecommenderEvaluatorSettings
    from components.settings import BaselineSettings, GateSettings

    def run(gates=None, classic=None, **model):
        stand_in(tmp_path / "model" / "Format-Serving", **model)
        if classic is not None:
            stand_in(tmp_path / "classic" / "Format-Serving", **classic)
        evaluation = artifact(RecommenderMetrics, tmp_path / "evaluation")
        blessing = artifact(standard_artifacts.ModelBlessing, tmp_path / "blessing")
        examples = artifact(standard_artifacts.Examples, tmp_path / "examples")
        interactions = artifact(Interactions, tmp_path / "interactions")
        data = {"examples": [examples], "interactions": [interactions]}
        baselines = [artifact(BaselineLists, tmp_path / "baselines")]
        BaselineExecutor().Do(
            data,
            {"baselines": baselines},
            BaselineRecommenderSettings(
                windows=shop.windows,
                baseline_settings=BaselineSettings(systems=("popularity", "own_frequency", "ease")),
                exclude_purchased=(model.get("metadata") or {}).get("exclude_purchased", "off"),
                max_test_queries=1000,
                seed=7,
            ).to_properties(),
        )
        write_vocabulary(tmp_path / "transform", [*reversed(PRODUCTS)])
        index = artifact(CandidateIndex, tmp_path / "index")
        np.save(tmp_path / "index" / "embeddings.npy", np.eye(12, dtype=np.float32))
        Executor().Do(
            data
            | {
                "model": [artifact(standard_artifacts.Model, tmp_path / "model")],
                "classic_model": [artifact(standard_artifacts.Model, tmp_path / "classic")],
                "baselines": baselines,
                "index": [index],
                "transform_graph": [artifact(standard_artifacts.TransformGraph, tmp_path / "transform")],
            },
            {"evaluation": [evaluation], "blessing": [blessing]},
            RecommenderEvaluatorSettings(
                windows=shop.windows,
                features=FEATURES,
                gates=gates or GateSettings(),
                seed=7,
                push_directory=str(tmp_path / "serving"),
                history_length=400,
            ).to_properties(),
        )
        return json.loads((tmp_path / "evaluation" / "metrics.json").read_text()), blessing

    return run


def test_a_good_model_is_measured_and_blessed(evaluate, tmp_path):
    metrics, blessing = evaluate()
    assert metrics["window"] == "test" and metrics["num_queries"] == 24
    ours = metrics["systems"]["towerline"]
    # The only target, the favourite, has the most events of each history: rank 1 for everybody.
    assert ours["ndcg@10"] == {"mean": 1.0, "low": 1.0, "high": 1.0}
    assert metrics["systems"]["own_frequency"]["ndcg@10"]["mean"] == 1.0
    # In the window before the test p00 ... p07 were bought three times each; so ranks 1 to 8, 3 users each.
    popular = sum(1 / math.log2(rank + 1) for rank in range(1, 9)) / 8
    assert metrics["systems"]["popularity"]["ndcg@10"]["mean"] == pytest.approx(popular)
    assert metrics["differences"]["popularity"]["ndcg@10"]["mean"] == pytest.approx(1 - popular)
    assert ours["coverage@10"]["mean"] == pytest.approx(10 / 12)
    assert metrics["slices"]["new_users"]["num_queries"] == 0
    assert metrics["slices"]["cold_products"]["num_queries"] == 0
    assert metrics["slices"]["bought_before"]["num_queries"] == 24
    assert metrics["slices"]["never_bought"]["num_queries"] == 0
    # The one target is first of the candidates and of what is served: no stage loses anything.
    assert {stage["loss"]["mean"] for stage in metrics["stages"].values() if stage != 24} == {0.0}
    # The favourite stays first however much diversity is asked for; there are no other categories.
    assert [point["diversity"] for point in metrics["diversity_curve"]["points"]] == [
        0,
        0.1,
        0.2,
        0.3,
        0.5,
        0.7,
        1,
    ]
    assert {point["ndcg@10"] for point in metrics["diversity_curve"]["points"]} == {1.0}
    # Embeddings of distinct products are orthogonal; there is no category to measure in.
    assert ours["embedding_diversity@10"]["mean"] == pytest.approx(1)
    assert "category_diversity@10" not in ours and metrics["category"] is None
    # Nobody turned to a product that was new to him.
    assert metrics["new_products_only"] == {"num_queries": 0, "systems": {}, "differences": {}}
    assert metrics["champion"] == {"version": None, "skipped": None}
    assert all(gate["passed"] for gate in metrics["gates"]) and metrics["blessed"] is True
    assert blessing.get_int_custom_property("blessed") == 1
    assert [path.name for path in (tmp_path / "blessing").iterdir()] == ["BLESSED"]
    assert {path.name for path in (tmp_path / "evaluation").iterdir()} == {
        "metrics.json",
        "predictions.parquet",
    }


def test_predictions_are_whole_and_ranked(evaluate, tmp_path):
    evaluate()
    table = pq.read_table(tmp_path / "evaluation" / "predictions.parquet")
    assert table.column_names == ["user_id", "rank", "product_id", "score", "source"]
    rows = [row for row in table.to_pylist() if row["user_id"] == "u13"]
    # u13's favourite is p05, bought nine times before the test, p08 once; the other ten follow in order.
    assert [row["product_id"] for row in rows[:4]] == ["p05", "p08", "p00", "p01"]
    assert [row["rank"] for row in rows] == list(range(1, 13))
    assert rows[0]["score"] == pytest.approx(10 - 0.05)


def test_a_model_that_loses_to_the_baselines_is_not_blessed(evaluate, tmp_path):
    metrics, blessing = evaluate(sign=-1.0)
    assert metrics["blessed"] is False
    failed = [gate["name"] for gate in metrics["gates"] if not gate["passed"]]
    assert failed == ["against_popularity", "against_baselines"]
    by_name = {gate["name"]: gate["detail"] for gate in metrics["gates"]}
    assert by_name["against_baselines"].startswith("Everything: NDCG@10")
    assert by_name["against_baselines"].endswith("clearly worse.")
    assert blessing.get_int_custom_property("blessed") == 0
    assert "clearly worse" in blessing.get_string_custom_property("blessing_message")
    assert (tmp_path / "blessing" / "NOT_BLESSED").exists()


def pushed(tmp_path, stand_in, shop, version="1000", trained_until=None, **model):
    windows = json.loads(shop.windows.to_json())
    metadata = {"features": json.loads(FEATURES.to_json()), "history_length": 400, "windows": windows}
    if trained_until:
        windows["eval_start"] = trained_until
    stand_in(tmp_path / "serving" / version, metadata=metadata, **model)


def test_a_worse_model_than_the_champion_is_not_blessed(evaluate, tmp_path, stand_in, shop):
    from components.settings import GateSettings

    pushed(tmp_path, stand_in, shop)
    metrics, _ = evaluate(GateSettings(against_popularity="off", against_baselines="off"), sign=-1.0)
    assert metrics["champion"] == {"version": 1000, "skipped": None}
    assert metrics["systems"]["champion"]["ndcg@10"]["mean"] == 1.0
    assert metrics["differences"]["champion"]["ndcg@10"]["high"] < 0
    # No slice of the tiny shop has the fifty users that could refuse a model.
    assert [gate["name"] for gate in metrics["gates"] if not gate["passed"]] == ["max_champion_loss"]


def test_a_champion_that_saw_the_test_window_is_no_comparison(evaluate, tmp_path, stand_in, shop):
    pushed(tmp_path, stand_in, shop, trained_until=shop.windows.now)
    metrics, _ = evaluate()
    assert "trained on events" in metrics["champion"]["skipped"]
    assert "champion" not in metrics["systems"]
    assert metrics["blessed"] is True


def test_the_newest_champion_counts_and_a_broken_one_does_not_stop_the_run(
    evaluate, tmp_path, stand_in, shop
):
    pushed(tmp_path, stand_in, shop, version="999")
    pushed(tmp_path, stand_in, shop, version="1000")
    (tmp_path / "serving" / "1000" / "saved_model.pb").unlink()
    metrics, _ = evaluate()
    assert metrics["champion"]["version"] == 1000
    assert "cannot be loaded" in metrics["champion"]["skipped"]


def test_what_the_model_never_recommends_no_baseline_recommends(evaluate):
    metadata = {"features": json.loads(FEATURES.to_json()), "exclude_purchased": "always"}
    metrics, _ = evaluate(metadata=metadata)
    # The favourites, the only targets, are all purchased.
    assert metrics["systems"]["own_frequency"]["ndcg@10"]["mean"] == 0.0
    assert metrics["systems"]["popularity"]["recall@100"]["mean"] == 0.0


def test_the_classic_is_blessed_in_place_of_a_model_that_loses(evaluate, tmp_path):
    metrics, blessing = evaluate(sign=-1.0, classic={"metadata": {"classic": "own_frequency"}})
    assert metrics["blessed"] is True and metrics["classic"] == "own_frequency"
    assert metrics["systems"]["towerline"]["ndcg@10"]["mean"] == 1.0
    assert metrics["refused_model"]["ndcg@10"] < 0.5
    assert all(reason.endswith("clearly worse.") for reason in metrics["refused_model"]["reasons"])
    assert blessing.get_int_custom_property("blessed") == 1
    assert blessing.get_string_custom_property("blessing_message") == (
        "Every gate passed by the baseline own_frequency, in place of the refused model."
    )
    assert is_of_classic(tmp_path / "blessing")
    first = pq.read_table(tmp_path / "evaluation" / "predictions.parquet").to_pylist()[0]
    assert first["score"] > 0  # the classic's: those of the other are negative


def test_a_classic_that_loses_too_is_refused_with_the_model(evaluate, tmp_path):
    metrics, blessing = evaluate(sign=-1.0, classic={"sign": -2.0})
    assert metrics["blessed"] is False and "refused_model" not in metrics
    assert metrics["refused_classic"]["reasons"]
    assert blessing.get_int_custom_property("blessed") == 0
    assert not is_of_classic(tmp_path / "blessing")


def test_the_classic_is_not_asked_where_the_model_passes(evaluate, tmp_path):
    metrics, _ = evaluate(classic={"sign": -1.0})
    assert metrics["blessed"] is True and "refused_model" not in metrics
    assert not is_of_classic(tmp_path / "blessing")


def test_only_targets_that_nobody_had_bought_count():
    # The first user bought 2 and 3, of which 2 is listed; the second only 0; the third 4 and 1: 4 is listed.
    targets = CodeLists.from_pairs(np.array([0, 0, 1, 2, 2]), np.array([2, 3, 0, 4, 1]), 3)
    ranked = np.full((3, 100), -1)
    ranked[:, :2] = [[4, 2], [2, 3], [2, 4]]
    found = measure_new_for_you(ranked, targets, SOLD, 7)
    assert found["num_queries"] == 2
    assert found["recall@100"]["mean"] == pytest.approx((1 / 2 + 1) / 2)
    assert 0.5 <= found["recall@100"]["low"] <= found["recall@100"]["high"] <= 1


def test_where_nobody_bought_a_new_product_nothing_is_measured():
    targets = CodeLists.from_pairs(np.array([0]), np.array([1]), 1)
    assert measure_new_for_you(np.zeros((1, 100), int), targets, SOLD, 7) == {"num_queries": 0}
