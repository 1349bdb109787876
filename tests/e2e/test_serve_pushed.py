"""`towerline similar`, `search` and `serve` on what a run has pushed."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

pytestmark = pytest.mark.e2e

ENVIRONMENT = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}


@pytest.fixture(scope="module")
def address(first, workdir):
    """Where `towerline serve` answers, ready."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    address = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", "pipeline", "serve", "--workdir", str(workdir), "--port", str(port)]
    process = subprocess.Popen(
        command, env=ENVIRONMENT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        for _ in range(240):
            assert process.poll() is None, process.stderr.read()
            try:
                urllib.request.urlopen(f"{address}/readyz", timeout=5).close()
                break
            except OSError:
                time.sleep(0.25)
        yield address
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0, process.stderr.read()


def ask(address, path, body):
    request = urllib.request.Request(
        address + path, json.dumps(body).encode(), {"content-type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.load(answer)


def test_the_server_answers_what_the_command_line_prints(address, run_towerline, workdir):
    asked = ask(address, "/v1/recommendations", {"user_id": "u6", "top_k": 5})
    printed = json.loads(
        run_towerline("recommend", "--workdir", workdir, "--user", "u6", "--top-k", 5, "--json").out
    )
    assert [item["product_id"] for item in asked["items"]] == [
        item["product_id"] for item in printed["items"]
    ]
    assert asked["model_version"] == printed["model_version"] and asked["known_user"] is True


@pytest.mark.parametrize(
    ("command", "option", "path", "field"),
    [("similar", "--product", "/v1/similar", "product_id"), ("search", "--text", "/v1/search", "text")],
)
def test_product_queries(address, run_towerline, workdir, colours, command, option, path, field):
    asked = {"similar": "p8", "search": colours["products"]["p8"]}[command]
    done = run_towerline(command, "--workdir", workdir, option, asked, "--top-k", 4, "--json")
    assert done.code == 0, done.err
    printed = json.loads(done.out)
    assert {colours["products"][item["product_id"]] for item in printed["items"]} == {
        colours["products"]["p8"]
    }
    assert ask(address, path, {field: asked, "top_k": 4})["items"] == printed["items"]
    table = run_towerline(command, "--workdir", workdir, option, asked, "--top-k", 4)
    assert table.out.count(colours["products"]["p8"]) >= 4


def test_why_is_the_same_offline(address, run_towerline, workdir):
    shown = ask(address, "/v1/recommendations", {"user_id": "u6", "top_k": 20})["items"]
    for product, in_list in ((shown[0]["product_id"], True), (shown[-1]["product_id"], False), ("?", False)):
        asked = ask(address, "/v1/explain", {"user_id": "u6", "product_id": product, "top_k": 3})
        options = ("--workdir", workdir, "--user", "u6", "--product", product, "--top-k", 3)
        done = run_towerline("why", *options, "--json")
        assert done.code == 0, done.err
        printed = json.loads(done.out)
        del asked["ages_s"]
        assert printed["in_list"] is in_list and printed["verdict"] == asked["verdict"]
        assert printed["changes"] == asked["changes"] and printed.keys() == asked.keys()
        assert asked["verdict"]["text"] in run_towerline("why", *options).out


def test_an_unknown_product_is_a_mistake(first, run_towerline, workdir):
    done = run_towerline("similar", "--workdir", workdir, "--product", "nothing")
    assert done.code == 2 and "knows no product 'nothing'" in done.err and done.err.count("\n") == 1


def test_serving_is_measured(first, run_towerline, workdir):
    done = run_towerline(
        *("benchmark", "serving", "--workdir", workdir, "--requests", 20, "--seconds", 1, "--json")
    )
    assert done.code == 0, done.err
    figures = json.loads(done.out)
    assert figures["num_products"] == 24 and figures["refused"] == 0 and figures["per_second"] > 0
    for name in ("model", "answer", "plain", "http"):
        assert 0 < figures[name][0] <= figures[name][1], name
    assert figures["ready_seconds"] > 0 and 0.1 < figures["resident_gb"] < 8
