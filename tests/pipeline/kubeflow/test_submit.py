"""`towerline submit kubeflow` against a server that speaks the calls of the v2beta1 API it uses."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from pipeline.cli import main

DOCUMENT = """
schemaVersion: 2.1.0
sdkVersion: kfp-2.16.1
pipelineInfo: {name: towerline}
components: {}
deploymentSpec: {executors: {}}
root:
  dag: {tasks: {}}
  inputDefinitions:
    parameters:
      source: {parameterType: STRING}
      seed: {parameterType: NUMBER_INTEGER, defaultValue: 42.0, isOptional: true}
      gates_min_ndcg: {parameterType: NUMBER_DOUBLE, defaultValue: 0.0, isOptional: true}
---
platforms: {kubernetes: {deploymentSpec: {executors: {}}}}
"""
SOURCE = ("--param", "source=/data/shop")


class Api(BaseHTTPRequestHandler):
    states = ["RUNNING", "SUCCEEDED"]
    status = 200
    calls: list = []

    def do_GET(self):
        path = self.path.split("?")[0]
        if path.endswith("/healthz"):
            self._answer({"multi_user": False})
        elif path.endswith("/experiments"):
            self._answer({"experiments": []})
        else:
            state = self.states[0] if len(self.states) == 1 else self.states.pop(0)
            tasks = [
                {"display_name": "outcome", "state": "FAILED"},
                {"display_name": "plan", "state": "SUCCEEDED"},
            ]
            details = {"task_details": tasks}
            self._answer({"run_id": "r1", "state": state, "run_details": details})

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        kind = self.path.split("?")[0].rsplit("/", 1)[1]
        self.calls.append((kind, body, self.headers.get("authorization")))
        answers = {
            "experiments": {"experiment_id": "e1", "display_name": "x"},
            "runs": {"run_id": "r1"},
            "recurringruns": {"recurring_run_id": "c1"},
        }
        self._answer(answers[kind])

    def _answer(self, content):
        data = json.dumps(content).encode()
        self.send_response(self.status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *arguments):
        pass


@pytest.fixture
def api(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    handler = type("Handler", (Api,), {"states": ["RUNNING", "SUCCEEDED"], "calls": []})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    handler.url = f"http://127.0.0.1:{server.server_port}"
    yield handler
    server.shutdown()
    server.server_close()


@pytest.fixture
def submit(tmp_path, api):
    path = tmp_path / "pipeline.yaml"
    path.write_text(DOCUMENT)
    base = ["submit", "kubeflow", "--workdir", str(tmp_path / "work"), "--endpoint", api.url, str(path)]
    return lambda *arguments: main([*base, *arguments])


def test_a_run_is_started_with_typed_parameters_and_followed(submit, api, capsys, monkeypatch):
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    monkeypatch.setenv("TOWERLINE_KUBEFLOW_TOKEN", "tok")
    code = submit(
        *SOURCE, "--param", "seed=7", "--param", "gates_min_ndcg=0.2", "--experiment", "x", "--wait"
    )
    assert code == 0
    (experiment, run) = api.calls
    assert (experiment[0], experiment[1]["display_name"]) == ("experiments", "x")
    assert experiment[2] == "Bearer tok"
    body = run[1]
    assert body["runtime_config"]["parameters"] == {
        "source": "/data/shop",
        "seed": 7,
        "gates_min_ndcg": 0.2,
    }
    assert body["pipeline_spec"]["pipeline_spec"]["schemaVersion"] == "2.1.0"
    assert "kubernetes" in body["pipeline_spec"]["platform_spec"]["platforms"]
    out = capsys.readouterr().out
    assert "RUNNING" in out and out.splitlines()[-1] == "SUCCEEDED" and "/#/runs/details/r1" in out


def test_a_failed_run_is_a_refusal(submit, api, capsys):
    api.states = ["FAILED"]
    assert submit(*SOURCE, "--wait", "--json") == 1
    line = capsys.readouterr().err.splitlines()[-1]
    assert "Run r1 is FAILED; failed tasks: outcome." in line


def test_a_recurring_run(submit, api, capsys):
    assert submit(*SOURCE, "--cron", "0 0 2 * * *", "--json") == 0
    body = api.calls[1][1]
    assert body["trigger"]["cron_schedule"]["cron"] == "0 0 2 * * *"
    assert body["max_concurrency"] == "1" or body["max_concurrency"] == 1
    assert body["no_catchup"] is True
    assert json.loads(capsys.readouterr().out) == {"recurring_run_id": "c1"}


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ((), "The run parameter `source` has no default"),
        ((*SOURCE, "--param", "sede=1"), "Unknown run parameter `sede`. Did you mean `seed`?"),
        ((*SOURCE, "--param", "seed=many"), "The run parameter `seed` is a NUMBER_INTEGER"),
        ((*SOURCE, "--param", "seed"), "`--param` takes NAME=VALUE"),
        (("--param", "source=postgresql://u:s3cret@h/d"), "must hold no password"),
        ((*SOURCE, "--cron", "0 2 * * *"), "`--cron` takes six fields"),
        ((*SOURCE, "--cron", "0 0 2 * * *", "--wait"), "goes without `--wait`"),
        ((*SOURCE, "--endpoint", "host:8888"), "`--endpoint` takes an http:// or https:// URL"),
        ((*SOURCE, "--endpoint", "http://127.0.0.1:1"), "cannot be reached"),
    ],
)
def test_mistakes_are_one_line(submit, capsys, arguments, told):
    assert submit(*arguments) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert told in line and "s3cret" not in line


def test_what_the_api_refuses_is_told(submit, api, capsys):
    api.status = 403
    assert submit(*SOURCE) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "refuses: 403" in line


def test_another_file_is_no_pipeline(tmp_path, capsys):
    path = tmp_path / "other.yaml"
    path.write_text("a: 1")
    assert main(["submit", "kubeflow", "--endpoint", "http://127.0.0.1:1", str(path)]) == 2
    assert "The document is no compiled pipeline" in capsys.readouterr().err
