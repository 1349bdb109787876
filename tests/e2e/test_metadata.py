"""What ML Metadata holds after a real run can be looked at, reported and cleaned."""

from __future__ import annotations

import json
import re

import pytest

from schema.served.versions import versions

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def ask(first, run_towerline, workdir):
    """Calls a command on the work directory of the first run."""

    def call(*words):
        done = run_towerline(*words, "--workdir", workdir)
        assert done.code == 0, done.out + done.err
        return done

    return call


@pytest.fixture(scope="module")
def run_id(first):
    return re.search(r"^Report: .*/(.+)\.html$", first.out, re.M)[1]


def test_the_run_has_left_a_report(run_id, workdir):
    page = (workdir / "reports" / f"{run_id}.html").read_text()
    assert "towerline run" in page and "retrieval.num_epochs" in page
    assert not re.search(r'(src|href)="https?://', page)


def test_the_served_model_leads_back_to_its_data(ask):
    done = ask("inspect", "lineage", "--json")
    data = json.loads(done.out)
    assert {"Examples", "Schema", "TransformGraph", "Model"} <= {item["type"] for item in data["artifacts"]}
    assert data["data"][0]["rows"]["catalog"] == 24
    assert all(item["is_there"] for item in data["artifacts"])


def test_every_artifact_can_be_read(ask, run_id):
    nodes = json.loads(ask("inspect", "run", run_id, "--json").out)["executions"]
    ids = [item["id"] for node in nodes for item in node["outputs"]]
    assert len(ids) > 25
    # every type once; each call is a process
    types = {item["type"]: item["id"] for node in nodes for item in node["outputs"]}
    for number in types.values():
        content = json.loads(ask("inspect", "artifact", number, "--json").out)["content"]
        assert "missing" not in content, content


def test_the_answers_come_at_once(first, start_towerline, workdir):
    for words in (("runs",), ("inspect", "run"), ("inspect", "lineage")):
        calls = [start_towerline(*words, "--workdir", workdir) for _ in range(3)]
        assert {done.code for done in calls} == {0}
        assert min(done.seconds for done in calls) < 2, words


def test_collecting_garbage_leaves_kept_runs_whole(ask, workdir):
    served = versions(workdir / "serving")
    data = json.loads(ask("gc", "--keep", "100", "--json").out)
    assert data["removed"] == [] and data["kept"] > 25
    assert versions(workdir / "serving") == served
