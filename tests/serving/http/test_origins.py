"""Pages of other origins, and a proxy that shows the server below a path; over HTTP, without a model."""

from __future__ import annotations

import contextlib
import json
import socket
import threading
import time
import urllib.error
import urllib.request

import pytest
import uvicorn

from serving.database.shop import Shop
from serving.http.server import Server
from serving.http.settings import ServerSettings
from serving.model.holder import ModelHolder
from serving.running import configuration

PAGE = "https://shop.example"


@pytest.fixture
def served(tmp_path):
    """`served(**settings)` -> address of a running server whose push directory is empty."""
    with contextlib.ExitStack() as stack:
        yield lambda **settings: stack.enter_context(_running(tmp_path, settings))


@contextlib.contextmanager
def _running(directory, settings):
    def away():
        raise AssertionError("no route of these tests asks the database")

    server = Server(ServerSettings(**settings), ModelHolder(directory, 60.0), Shop(away, 60.0))
    running = uvicorn.Server(configuration(server))
    running.config.lifespan = "off"  # there is no model to wait for
    listener = socket.create_server(("127.0.0.1", 0))
    thread = threading.Thread(target=running.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    while not running.started:
        assert thread.is_alive()
        time.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        running.should_exit = True
        thread.join(20)


def ask(address, method="GET", **headers):
    """Status, headers and body of an answer."""
    request = urllib.request.Request(
        address, method=method, headers={name.replace("_", "-"): value for name, value in headers.items()}
    )
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            return answer.status, answer.headers, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.headers, error.read()


def preflight(address, origin, method="POST"):
    asked = {"Access_Control_Request_Method": method, "Access_Control_Request_Headers": "content-type"}
    return ask(f"{address}/v1/recommendations", "OPTIONS", Origin=origin, **asked)


def test_a_page_of_an_allowed_origin_may_ask(served):
    address = served(cors_origins=(PAGE,), token="secret")
    status, headers, _ = preflight(address, PAGE)
    assert status == 200
    assert headers["access-control-allow-origin"] == PAGE
    assert "POST" in headers["access-control-allow-methods"]
    assert "authorization" in headers["access-control-allow-headers"]
    status, headers, _ = ask(f"{address}/healthz", Origin=PAGE)
    assert (status, headers["access-control-allow-origin"]) == (200, PAGE)
    assert headers["access-control-expose-headers"] == "x-request-id"


def test_a_page_may_read_what_is_wrong_with_its_request(served):
    address = served(cors_origins=(PAGE,), token="secret")
    status, headers, body = ask(f"{address}/v1/users", Origin=PAGE)
    assert (status, headers["access-control-allow-origin"]) == (401, PAGE)
    assert json.loads(body)["detail"] == "A bearer token is needed."


def test_pages_of_other_origins_may_not(served):
    address = served(cors_origins=(PAGE,))
    status, headers, _ = preflight(address, "https://evil.example")
    assert (status, headers["access-control-allow-origin"]) == (400, None)
    status, headers, _ = ask(f"{address}/healthz", Origin="https://evil.example")
    assert (status, headers["access-control-allow-origin"]) == (200, None)


def test_any_origin_may_be_allowed_and_none_is_by_default(served):
    address = served(cors_origins=("*",))
    assert ask(f"{address}/healthz", Origin="https://any.example")[1]["access-control-allow-origin"] == "*"
    status, headers, _ = preflight(served(), PAGE)
    assert (status, headers["access-control-allow-origin"]) == (204, None)


@pytest.mark.parametrize("token", [None, "secret"])
def test_behind_a_proxy_that_takes_the_path_away(served, token):
    address = served(root_path="/recommendations", token=token)
    status, _, body = ask(f"{address}/healthz")
    assert (status, json.loads(body)) == (200, {"status": "ok"})
    allowed = {} if token is None else {"Authorization": f"Bearer {token}"}
    status, _, body = ask(f"{address}/openapi.json", **allowed)
    assert status == 200
    assert json.loads(body)["servers"] == [{"url": "/recommendations"}]
    assert ask(f"{address}/readyz")[0] == 503  # no model is there


def test_a_token_is_needed_below_a_path_too(served):
    address = served(root_path="/recommendations", token="secret")
    assert ask(f"{address}/v1/users")[0] == 401
