"""What a run came to, from artifacts written by hand."""

import json
from dataclasses import replace

from tensorflow_metadata.proto.v0 import anomalies_pb2

from pipeline.metadata.store import Artifact, Execution, Run
from pipeline.runs.outcome import outcome_of
from pipeline.runs.tables import outcome_text

METRICS = {
    "num_queries": 12,
    "systems": {
        "towerline": {"ndcg@10": {"mean": 0.25, "low": 0.2, "high": 0.3}, "coverage@10": {"mean": 0.5}},
        "popularity": {"ndcg@10": {"mean": 0.1, "low": 0.05, "high": 0.15}},
    },
    "differences": {"popularity": {"ndcg@10": {"mean": 0.15, "low": 0.1, "high": 0.2}}},
    "gates": [
        {"name": "min_ndcg", "passed": False, "detail": "NDCG@10 0.25 is below 0.9"},
        {"name": "min_coverage", "passed": True, "detail": "fine"},
    ],
}


class Store:
    """Stands in for RunStore: node -> output key -> artifact."""

    def __init__(self, outputs):
        self._outputs = outputs

    def outputs(self, execution):
        return {key: [artifact] for key, artifact in self._outputs[execution.node].items()}

    def run(self, **states):
        executions = (
            Execution(n, node, states.get(node, "COMPLETE"), 0, 1) for n, node in enumerate(self._outputs)
        )
        return Run("r1", tuple(executions))


def write(path, name, content):
    path.mkdir(parents=True, exist_ok=True)
    (path / name).write_text(json.dumps(content))
    return str(path)


def outputs(tmp_path, blessed, pushed):
    evaluation = Artifact("RecommenderMetrics", write(tmp_path / "evaluation", "metrics.json", METRICS))
    blessing = Artifact("ModelBlessing", str(tmp_path / "blessing"), {"blessed": blessed})
    properties = (
        {"pushed": 1, "pushed_version": "7", "pushed_destination": "/serving/7"} if pushed else {"pushed": 0}
    )
    return {
        "RecommenderEvaluator": {"evaluation": evaluation, "blessing": blessing},
        "Pusher": {"pushed_model": Artifact("PushedModel", str(tmp_path / "pushed"), properties)},
    }


def test_a_pushed_model(tmp_path):
    store = Store(outputs(tmp_path, blessed=1, pushed=True))
    outcome = outcome_of(store, store.run(Pusher="CACHED"))
    assert (outcome.pushed_version, outcome.pushed_to, outcome.refusals) == ("7", "/serving/7", ())
    text = outcome_text(outcome)
    assert "0.2500 [0.2000, 0.3000]" in text
    assert "+0.1500 [+0.1000, +0.2000]" in text and "ndcg@10 ahead of it" in text
    assert "Anomalies: none" in text and "pushed: /serving/7" in text


def test_a_refreshed_model_says_whose_weights_it_has(tmp_path):
    made = outputs(tmp_path, blessed=1, pushed=True)
    pushed = made["Pusher"]["pushed_model"]
    made = {"Pusher": {"pushed_model": replace(pushed, properties={**pushed.properties, "refresh_of": "5"})}}
    store = Store(made)
    outcome = outcome_of(store, store.run())
    assert (outcome.pushed_version, outcome.refresh_of) == ("7", "5")
    assert "Pushed, with the weights of version 5: /serving/7" in outcome_text(outcome)


def test_a_refused_model_says_which_gate(tmp_path):
    store = Store(outputs(tmp_path, blessed=0, pushed=False))
    outcome = outcome_of(store, store.run())
    assert outcome.pushed_to is None
    (reason,) = outcome.refusals
    assert reason.startswith("RecommenderEvaluator") and reason.endswith("NDCG@10 0.25 is below 0.9")


def test_a_refusal_of_the_serving_validator_gives_its_reasons(tmp_path):
    uri = write(tmp_path / "infra", "validation.json", {"reasons": ["too slow"]})
    blessing = Artifact("InfraBlessing", uri, {"blessing_status": "INFRA_NOT_BLESSED"})
    store = Store(outputs(tmp_path, 1, False) | {"ServingValidator": {"blessing": blessing}})
    assert outcome_of(store, store.run()).refusals[0].endswith(": too slow")


def test_executions_that_failed_count_for_nothing(tmp_path):
    store = Store(outputs(tmp_path, blessed=1, pushed=True))
    assert outcome_of(store, store.run(Pusher="RUNNING")).pushed_to is None


def test_anomalies_of_all_validators(tmp_path):
    anomalies = anomalies_pb2.Anomalies()
    anomalies.anomaly_info["price"].short_description = "out of range"
    folder = tmp_path / "anomalies" / "Split-eval"
    folder.mkdir(parents=True)
    (folder / "SchemaDiff.pb").write_bytes(anomalies.SerializeToString())
    checks = [{"passed": True, "sentence": "well"}, {"passed": False, "sentence": "3 orphans"}]
    report = write(tmp_path / "report", "report.json", {"checks": checks})
    store = Store(
        {
            "QueryValidator": {"anomalies": Artifact("ExampleAnomalies", str(tmp_path / "anomalies"))},
            "InteractionValidator": {"report": Artifact("InteractionReport", report)},
        }
    )
    assert outcome_of(store, store.run()).anomalies == (
        "QueryValidator: eval: price: out of range",
        "InteractionValidator: 3 orphans",
    )


def test_how_the_trainers_began_is_told_where_they_were_asked(tmp_path):
    start = {
        "asked": True,
        "began_from": "7",
        "reason": "",
        "num_epochs": 2,
        "metric": 0.31,
        "expected": 0.3,
        "new_products": 4,
        "products": 90,
    }
    cold = start | {"began_from": None, "reason": "they read other features of a pair"}
    starts = {"RetrievalTrainer": start, "RankingTrainer": cold}
    models = {}
    for node, content in starts.items():
        write(tmp_path / node / "Format-Serving" / "assets.extra", "start.json", content)
        models[node] = {"model": Artifact("Model", str(tmp_path / node))}
    store = Store(outputs(tmp_path, blessed=1, pushed=True) | models)
    told = outcome_text(outcome_of(store, store.run()))
    assert (
        "RetrievalTrainer began from version 7: 0.3100 in 2 epochs, 0.3000 expected of a cold start; "
        "4 of 90 products are new to it." in told
    )
    assert "RankingTrainer began cold: they read other features of a pair." in told
    write(tmp_path / "RankingTrainer" / "Format-Serving" / "assets.extra", "start.json", {"asked": False})
    assert set(outcome_of(store, store.run()).starts) == {"RetrievalTrainer"}
