"""What every command that makes a run does with it."""

import json
from types import SimpleNamespace

import pytest

from pipeline.commands import run as run_command
from pipeline.forgetting import cleaning
from pipeline.runs import local_runner, outcome, telling
from schema.errors import PipelineRefusedError


@pytest.fixture
def finish(monkeypatch):
    """Tells of a run with an outcome, without any node; returns the exit code and the calls in order."""

    def told(found, as_json=True, **arguments):
        calls = []
        monkeypatch.setattr(
            local_runner, "run_locally", lambda plan, create, quiet: calls.append((plan, quiet))
        )
        monkeypatch.setattr(cleaning, "leave_clean", lambda plan: calls.append("clean"))
        monkeypatch.setattr(outcome, "read_outcome", lambda path: found)
        monkeypatch.setattr(
            telling, "run_json", lambda planned, finished, outcome: {"run_id": outcome.run_id}
        )
        monkeypatch.setattr(telling, "run_text", lambda planned, finished, outcome: "all of it")
        monkeypatch.setattr(
            run_command, "leave_report", lambda plan, started, as_json: calls.append("report")
        )
        planned = SimpleNamespace(plan=SimpleNamespace(metadata_path="m.db"))
        try:
            code = run_command.run_and_tell(
                planned, as_json, lambda found: {"own": found.pushed_to}, **arguments
            )
        finally:
            assert calls[-1] == "report"
        return code, calls

    return told


def test_json_has_what_is_the_own_of_a_command(finish, capsys):
    code, calls = finish(outcome.Outcome(run_id="r1", pushed_to="/there"))
    assert (code, json.loads(capsys.readouterr().out)) == (0, {"run_id": "r1", "own": "/there"})
    assert calls[0][1] is True and calls[1:] == ["clean", "report"]


def test_people_get_a_text(finish, capsys):
    other = SimpleNamespace(metadata_path="other.db")
    _, calls = finish(outcome.Outcome(run_id="r1", pushed_to="/there"), as_json=False, plan=other)
    assert capsys.readouterr().out == "all of it\n" and calls[0] == (other, False)


def test_a_run_that_pushed_nothing_is_refused_and_reported(finish):
    with pytest.raises(PipelineRefusedError, match="Not pushed"):
        finish(outcome.Outcome(run_id="r1"))


def test_a_run_that_nobody_knows_is_an_error(finish):
    with pytest.raises(RuntimeError, match="has no run although one finished"):
        finish(None)
