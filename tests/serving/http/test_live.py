"""The server as a process meets it: over HTTP, while models are exchanged under it."""

import json
import shutil
import threading
import time
import urllib.request

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import response_schema_conformance, status_code_conformance

CHECKS = [not_a_server_error, status_code_conformance, response_schema_conformance]


def ask(address, path="/v1/recommendations", body=None):
    headers = {"content-type": "application/json"}
    request = urllib.request.Request(address + path, json.dumps(body or {}).encode(), headers)
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.load(answer)


def version(address):
    with urllib.request.urlopen(address + "/readyz", timeout=30) as answer:
        return json.load(answer)["model_version"]


def wait_for(condition):
    for _ in range(600):
        if condition():
            return
        time.sleep(0.05)
    pytest.fail("it did not come about within 30 seconds")


def test_the_document_holds_under_random_requests(make_server, listening):
    with listening(make_server(port=0)) as address:
        document = schemathesis.openapi.from_url(f"{address}/openapi.json")
        operations = [found.ok() for found in document.get_all_operations()]
        assert {"/v1/recommendations", "/v1/similar", "/v1/search"} <= {found.path for found in operations}
        for operation in operations:
            fuzz(operation)


def fuzz(operation):
    """Random requests, valid and not, to one operation."""

    @given(case=operation.as_strategy())
    @settings(max_examples=20, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
    def check(case):
        case.call_and_validate(checks=CHECKS)

    check()


def test_a_pushed_version_is_taken_over_without_losing_a_request(make_server, listening, pushed, tmp_path):
    shutil.copytree(pushed.model, tmp_path / "7")
    with listening(make_server(directory=tmp_path, port=0)) as address:
        answers, stop = [], threading.Event()

        def keep_asking():
            while not stop.is_set():
                answers.append(ask(address, body={"user_id": "u5"}))

        threads = [threading.Thread(target=keep_asking) for _ in range(3)]
        for thread in threads:
            thread.start()
        shutil.copytree(pushed.model, tmp_path / ".new")
        (tmp_path / ".new").rename(tmp_path / "8")
        wait_for(lambda: version(address) == "8")
        after = len(answers) + 10
        wait_for(lambda: len(answers) > after)
        stop.set()
        for thread in threads:
            thread.join()
    assert {answer["model_version"] for answer in answers} == {"7", "8"}
    assert all(len(answer["items"]) == 10 for answer in answers)


def test_a_broken_version_leaves_the_one_before_in_place(make_server, listening, pushed, tmp_path, caplog):
    shutil.copytree(pushed.model, tmp_path / "7")
    with listening(make_server(directory=tmp_path, port=0)) as address:
        (tmp_path / "8").mkdir()
        (tmp_path / "8" / "saved_model.pb").write_bytes(b"nothing that can be loaded")
        wait_for(lambda: "version 8 cannot be served; 7 stays" in caplog.text)
        assert version(address) == "7" and len(ask(address)["items"]) == 10


def test_a_request_that_has_begun_is_answered_before_the_server_ends(make_server, listening):
    server = make_server(port=0)
    begun, answers = threading.Event(), []
    recommend = server.recommending.answer

    def slowly(request, served):
        begun.set()
        time.sleep(0.5)
        return recommend(request, served)

    server.recommending.answer = slowly
    with listening(server) as address:
        thread = threading.Thread(target=lambda: answers.append(ask(address)))
        thread.start()
        assert begun.wait(10)
    thread.join()
    assert len(answers[0]["items"]) == 10
