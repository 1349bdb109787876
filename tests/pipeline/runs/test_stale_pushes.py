"""Which pushes and judgements the cache may still answer with."""

import json

import pytest

from pipeline.metadata.store import Artifact, Execution, Run
from pipeline.runs import stale_pushes


class Store:
    """Stands in for RunStore; remembers what is retired."""

    def __init__(self, folder):
        self._folder = folder
        self._runs, self._outputs, self._inputs = [], {}, {}
        self.retired = set()

    def add(self, champion, pushed, directory=None, is_live=True):
        """A run whose evaluator met `champion` and whose Pusher published `pushed` (None: refused)."""
        number = len(self._runs) + 1
        uri = self._folder / f"evaluation-{number}"
        uri.mkdir()
        (uri / "metrics.json").write_text(json.dumps({"champion": {"version": champion}}))
        evaluator = Execution(number * 10, "RecommenderEvaluator", "COMPLETE", 0, 1)
        pusher = Execution(number * 10 + 1, "Pusher", "COMPLETE", 0, 1)
        blessing = Artifact("ModelBlessing", "", {}, number * 100, is_live)
        evaluation = Artifact("RecommenderMetrics", str(uri), {}, number * 100 + 1, is_live)
        properties = {"pushed": 0}
        if pushed:
            destination = f"{directory or self._folder}/{pushed}"
            properties = {"pushed": 1, "pushed_version": str(pushed), "pushed_destination": destination}
        pushed_model = Artifact("PushedModel", "", properties, number * 100 + 2, is_live)
        self._outputs[evaluator.id] = {"blessing": [blessing], "evaluation": [evaluation]}
        self._outputs[pusher.id] = {"pushed_model": [pushed_model]}
        self._inputs[pusher.id] = {"model_blessing": [blessing]}
        self._runs.append(Run(f"r{number}", (evaluator, pusher)))

    def runs(self):
        return self._runs

    def outputs(self, execution):
        return self._outputs[execution.id]

    def inputs(self, execution):
        return self._inputs[execution.id]

    def retire(self, artifacts):
        self.retired |= {artifact.id for artifact in artifacts}


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path)


@pytest.fixture
def retired(store, tmp_path, monkeypatch):
    def run(*served):
        for version in served:
            (tmp_path / str(version)).mkdir()
        monkeypatch.setattr(stale_pushes, "RunStore", lambda path, name: store)
        stale_pushes.retire_stale("metadata.db", str(tmp_path))
        return store.retired

    return run


def test_what_led_to_the_served_version_stays(store, retired):
    store.add(champion=None, pushed=5)
    assert retired(5) == set()


def test_a_refusal_stays_while_the_champion_is_served(store, retired):
    store.add(champion=None, pushed=5)
    store.add(champion=5, pushed=None)
    assert retired(5) == set()


def test_a_later_version_retires_the_earlier_push_and_the_judgements_before_it(store, retired):
    store.add(champion=None, pushed=5)
    store.add(champion=5, pushed=None)
    store.add(champion=5, pushed=6)
    assert retired(5, 6) == {100, 101, 102, 200, 201}


def test_a_removed_version_is_pushed_again(store, retired):
    store.add(champion=None, pushed=5)
    assert retired() == {102}  # it was judged when nothing was served, as now


def test_another_push_directory_and_what_is_retired_are_left_alone(store, retired):
    store.add(champion=7, pushed=5, directory="/elsewhere")
    store.add(champion=3, pushed=4, is_live=False)
    assert retired(7) == set()
