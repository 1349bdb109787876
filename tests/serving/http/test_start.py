"""A server whose kernel answers everybody loads TensorFlow when somebody needs it, and not before."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from schema.served.request import Query
from serving.model import holder as holding
from serving.model.holder import ModelHolder
from serving.model.pushed_model import PushedModel

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def version(assemble_plain, built_kernel):
    return assemble_plain(cold_start="segment").folder


@pytest.fixture(scope="module")
def told(version, plain_shop):
    return ask_server(version, plain_shop)


def ask_server(version, plain_shop):
    """What a server says, in a process of its own, before and after it was asked for similar products."""
    program = str(Path(__file__).with_name("start_alone.py"))
    url = f"sqlite:///{plain_shop.directory}/shop.db"
    done = subprocess.run(
        [sys.executable, program, str(version.parent), url, "u5"],
        env={"PYTHONPATH": str(ROOT), "TF_CPP_MIN_LOG_LEVEL": "3"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout.splitlines()[-1])


def test_the_kernel_answers_without_tensorflow(told):
    assert all(told["lists"]) and told["lists"][0] != told["lists"][1]
    assert told["state"] == {
        "executors": ["kernel"],
        "gauges": [
            'towerline_executor_loaded{executor="kernel"} 1.0',
            'towerline_executor_loaded{executor="session"} 0.0',
        ],
        "counted": ["kernel"],
        "has_tensorflow": False,
    }


def test_who_needs_the_session_gets_it(told):
    assert told["similar"]
    assert told["state_after"]["executors"] == ["kernel", "session"]
    assert told["state_after"]["has_tensorflow"]
    assert told["state_after"]["gauges"][1] == 'towerline_executor_loaded{executor="session"} 1.0'


def test_lists_are_the_same_before_and_after(told):
    assert told["lists"] == told["lists_after"]


def test_a_server_with_rules_has_tensorflow_before_it_is_ready(with_rules, plain_shop):
    told = ask_server(with_rules, plain_shop)
    assert all(told["lists"]) and told["lists"] == told["lists_after"]
    assert (
        told["state"]
        == told["state_after"]
        == {
            "executors": ["kernel+finish", "session"],
            "gauges": [
                'towerline_executor_loaded{executor="kernel+finish"} 1.0',
                'towerline_executor_loaded{executor="session"} 1.0',
            ],
            "counted": ["kernel+finish"],
            "has_tensorflow": True,
        }
    )


def test_the_session_would_have_given_the_same(told, version):
    stranger = told["lists"][1]
    model = PushedModel(version.parent, one_thread=True, kernel=False)
    expected = model.recommend([Query("nobody", 1_700_000_001)], 10, False)[0]
    assert [item["product_id"] for item in stranger] == [item["product_id"] for item in expected]
    assert [item["reason"] for item in stranger] == [item["reason"] for item in expected]


def test_the_version_that_was_opened_is_the_one_that_is_served(version, monkeypatch):
    opened = []
    monkeypatch.setattr(holding, "PushedModel", lambda *given: opened.append(given) or PushedModel(*given))
    holder = ModelHolder(version.parent, 1.0, True, True)
    assert holder.open() == (version.name, True)
    assert holder.refresh() and holder.served.model.version == version.name and len(opened) == 1
    assert holder.served.popular and not holder.served.model.session.is_loaded
