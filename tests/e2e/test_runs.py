"""Runs as ML Metadata sees them: all of it, from the cache, after a change, refused, and killed."""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from pathlib import Path

import pytest

from schema.served.versions import versions

pytestmark = pytest.mark.e2e

NODES = [
    "ProductExampleGen",
    "StatisticsGen",
    "ImportSchemaGen",
    "QueryValidator",
    "CatalogValidator",
    "InteractionValidator",
    "Transform",
    "RetrievalTrainer",
    "CandidateIndexer",
    "PrerankingTrainer",
    "CandidateGenerator",
    "RankingTrainer",
    "RetrievalEvaluator",
    "RankingEvaluator",
    "RecommenderAssembler",
    "BaselineRecommender",
    "RecommenderEvaluator",
    "RetrievalRefit",
    "IndexRefit",
    "RecommenderRefit",
    "ServingValidator",
    "Pusher",
]


class Ledger:
    """What ML Metadata holds, read without any code of ours."""

    def __init__(self, path: Path) -> None:
        from ml_metadata import metadata_store
        from ml_metadata.proto import metadata_store_pb2 as pb

        config = pb.ConnectionConfig()
        config.sqlite.filename_uri = str(path)
        self._pb, self._store = pb, metadata_store.MetadataStore(config)

    def runs(self):
        """Node -> state of its execution, a dictionary for each run, oldest first."""
        nodes = {
            execution.id: context.name.removeprefix("towerline.")
            for context in self._store.get_contexts_by_type("node")
            for execution in self._store.get_executions_by_context(context.id)
        }
        contexts = sorted(self._store.get_contexts_by_type("pipeline_run"), key=lambda item: item.id)
        return [
            {
                nodes[execution.id]: self._pb.Execution.State.Name(execution.last_known_state)
                for execution in self._store.get_executions_by_context(context.id)
            }
            for context in contexts
        ]

    def artifact_types(self):
        return Counter(artifact.type for artifact in self._store.get_artifacts())

    def unfinished_inputs(self):
        """Artifacts that a finished execution read although the one that wrote them never finished."""
        pb = self._pb
        executions = {execution.id: execution for execution in self._store.get_executions()}
        events = self._store.get_events_by_execution_ids(list(executions))
        done = (pb.Execution.COMPLETE, pb.Execution.CACHED)
        finished = {id for id, execution in executions.items() if execution.last_known_state in done}
        written = {
            event.artifact_id
            for event in events
            if event.type == pb.Event.OUTPUT and event.execution_id in finished
        }
        read = {
            event.artifact_id
            for event in events
            if event.type == pb.Event.INPUT and event.execution_id in finished
        }
        assert len(read) > 10
        return read - written

    def killed(self):
        """Nodes with an execution that neither finished nor failed."""
        return [node for run in self.runs() for node, state in run.items() if state == "RUNNING"]


def newest(workdir):
    return versions(workdir / "serving")[-1]


@pytest.fixture(scope="module")
def ledger(first, workdir):
    return Ledger(workdir / "metadata.db")


@pytest.fixture(scope="module")
def after_first(first, workdir, ledger):
    """What there was after the first run, whatever ran later."""
    return {
        "runs": ledger.runs(),
        "types": ledger.artifact_types(),
        "versions": versions(workdir / "serving"),
    }


@pytest.fixture(scope="module")
def second(after_first, call):
    return call("--json")


@pytest.fixture(scope="module")
def refused(second, call, workdir):
    served = newest(workdir)
    done = call("--set", "gates.min_ndcg=1.0", "--set", "gates.min_auc=0.999")
    return done, served, newest(workdir)


@pytest.fixture(scope="module")
def recovered(refused, workdir, shop, small, change, kill_run, call, ledger):
    """A row is changed; two runs on it are killed, and a third is left alone."""
    served = newest(workdir)
    before = len(ledger.runs())
    ((quantity,),) = sqlite3.connect(shop).execute("SELECT quantity FROM events WHERE rowid = 100")
    change(shop, ("UPDATE events SET quantity = 7 WHERE rowid = 100",))
    killed_in = ("RetrievalTrainer", "RecommenderAssembler")
    for node in killed_in:
        kill_run(node, workdir, "--source", f"sqlite:///{shop}", "--config", small)
        assert newest(workdir) == served
    done = call()
    return {
        "done": done,
        "runs": ledger.runs()[before:],
        "served": served,
        "killed": killed_in,
        "quantity": quantity,
    }


@pytest.fixture(scope="module")
def reverted(recovered, shop, change, call, workdir):
    """The row is what it was again, so the model of the first run is due, which is no longer served."""
    served = newest(workdir)
    change(shop, ("UPDATE events SET quantity = ? WHERE rowid = 100", recovered["quantity"]))
    return call(), served


def test_every_node_of_the_first_run_is_complete(first, after_first):
    assert first.outcomes() == dict.fromkeys(NODES, "ran")
    assert after_first["runs"] == [dict.fromkeys(NODES, "COMPLETE")]
    assert after_first["types"] == {
        "Examples": 3,  # raw, transformed, candidates
        "Interactions": 1,
        "ExampleStatistics": 1,
        "Schema": 1,
        "ExampleAnomalies": 2,
        "InteractionReport": 1,
        "TransformGraph": 1,
        "Model": 7,  # retrieval, ranking, assembled and its classic; all but the ranker refitted
        "ModelRun": 3,
        "CandidateIndex": 2,
        "Preranker": 1,
        "BaselineLists": 1,
        "RecommenderMetrics": 2,  # of retrieval and of the whole
        "ModelEvaluation": 1,
        "ModelBlessing": 2,
        "InfraBlessing": 1,
        "PushedModel": 1,
    }
    assert len(after_first["versions"]) == 1


def test_what_is_not_served_is_not_refitted(first, workdir):
    made = list((workdir / "artifacts" / "RecommenderRefit" / "classic_model").iterdir())
    assert made and not any((artifact / "Format-Serving").exists() for artifact in made)


def test_the_first_run_tells_its_end_and_nothing_of_the_machinery(first):
    assert first.err == ""
    assert "Traceback" not in first.out and "Logging error" not in first.out
    assert "Blessed and pushed:" in first.out
    assert "Lost on the way to NDCG@10 = 1" in first.out
    assert "passed `gates.against_popularity`: Everything: NDCG@10" in first.out
    assert "Anomalies: none" in first.out


def test_the_second_run_comes_from_the_cache_in_seconds(second, ledger):
    assert second.code == 0, second.err
    assert ledger.runs()[1] == dict.fromkeys(NODES, "CACHED")
    record = json.loads(second.out)
    assert {stage["outcome"] for stage in record["stages"]} == {"cached"}
    assert record["blessed"] and record["refusals"] == []
    assert second.seconds < 60


def test_a_model_below_its_gates_is_not_pushed(refused):
    done, before, after = refused
    assert done.code == 1, done.err
    assert before == after
    (line,) = done.err.splitlines()
    assert "Not pushed, the served version stays what it was" in line
    assert "RecommenderEvaluator" in line and "NDCG@10" in line and "1.0" in line
    assert "RankingEvaluator" in line and "gates.min_auc" in line
    outcomes = done.outcomes()
    assert outcomes["Pusher"] == "ran"
    trained = ("ProductExampleGen", "Transform", "RetrievalTrainer", "RankingTrainer", "RecommenderAssembler")
    assert {outcomes[node] for node in trained} == {"cached"}


def test_after_kills_the_next_run_finishes(recovered, workdir):
    done = recovered["done"]
    assert done.code == 0, done.out + done.err
    outcomes = done.outcomes()
    assert outcomes["ProductExampleGen"] == outcomes["Transform"] == "cached"
    assert outcomes["RecommenderAssembler"] == outcomes["Pusher"] == "ran"
    assert newest(workdir) > recovered["served"]


def test_what_depends_on_a_changed_row_runs_again(recovered):
    """Over the killed runs and the last one, everything but the schema was done anew, exactly once."""
    complete = Counter(
        node for run in recovered["runs"] for node, state in run.items() if state == "COMPLETE"
    )
    assert complete == dict.fromkeys((node for node in NODES if node != "ImportSchemaGen"), 1)


def test_nothing_half_written_is_used(recovered, ledger, workdir):
    assert sorted(ledger.killed()) == sorted(recovered["killed"])
    assert ledger.unfinished_inputs() == set()
    assert [path.name for path in (workdir / "serving").glob(".*.partial")] == []


def test_an_earlier_model_is_judged_against_the_served_one_and_published_again(reverted, workdir):
    done, served = reverted
    assert done.code == 0, done.out + done.err
    ran = {node for node, outcome in done.outcomes().items() if outcome == "ran"}
    assert ran == {
        "RecommenderEvaluator",
        "RecommenderRefit",
        "ServingValidator",
        "Pusher",
    }  # which model is served is judged anew, and what is refitted follows the blessing
    assert newest(workdir) > served
    assert f"serving/{newest(workdir)}" in done.out
