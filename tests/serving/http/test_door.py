"""What the workers have no room for is refused by its head alone."""

import asyncio
import http.client
import json
import threading
import time
from types import SimpleNamespace

import pytest
import uvicorn
from fastapi.testclient import TestClient

from serving.database.shop import Shop
from serving.http.app import create_app
from serving.http.metrics import ServerMetrics
from serving.http.middleware import Guard
from serving.http.server import Server
from serving.http.settings import ServerSettings
from serving.model.holder import ModelHolder

PATH = "/v1/recommendations"


class Door:
    """A guard before an application that notes what came in."""

    def __init__(self, **settings):
        self.full, self.came_in, self.read = True, [], 0
        self.metrics = ServerMetrics(lambda: 0, lambda: 1)
        settings = ServerSettings(**settings)
        self.guard = Guard(self._app, settings, self.metrics, lambda: self.full, frozenset({PATH}))

    async def _app(self, scope, receive, send):
        more = True
        while more:
            more = (await receive()).get("more_body", False)
        self.came_in.append(scope["path"])
        headers = [(b"content-type", b"text/plain"), (b"content-length", b"2")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b"in"})

    def ask(self, method="POST", path=PATH, root_path=""):
        sent = []

        async def receive():
            self.read += 1
            return {"type": "http.request", "body": b"{}", "more_body": False}

        async def send(message):
            sent.append(message)

        scope = {"type": "http", "method": method, "path": path, "headers": [], "root_path": root_path}
        asyncio.run(self.guard(scope, receive, send))
        body = b"".join(message.get("body", b"") for message in sent[1:])
        headers = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
        return SimpleNamespace(status=sent[0]["status"], headers=headers, body=body)


def test_while_the_workers_are_full_a_request_is_refused_unread():
    door = Door()
    refused = door.ask()
    assert (refused.status, refused.headers["retry-after"]) == (429, "1")
    assert refused.headers["content-type"] == "application/problem+json" and refused.headers["x-request-id"]
    assert json.loads(refused.body)["detail"].startswith("Too many requests are waiting.")
    assert door.came_in == [] and door.read == 0
    door.full = False
    assert door.ask().status == 200 and door.came_in == [PATH]


def test_a_refused_request_is_counted_by_its_route():
    door = Door()
    door.ask()
    assert f'towerline_requests_total{{route="{PATH}",status="429"}} 1.0' in door.metrics.text().decode()


@pytest.mark.parametrize(("method", "path"), [("GET", "/healthz"), ("GET", "/metrics"), ("GET", PATH)])
def test_what_no_worker_answers_comes_in(method, path):
    assert Door().ask(method, path).status == 200


def test_the_path_below_a_proxy_is_known():
    assert Door().ask(path="/shop" + PATH, root_path="/shop").status == 429


def test_who_has_no_token_learns_nothing_of_the_load():
    assert Door(token="secret").ask().status == 401


@pytest.mark.parametrize("route", ["recommendations", "explain", "similar", "search", "products"])
def test_every_route_that_a_worker_answers_has_the_door(route, tmp_path):
    server = Server(
        ServerSettings(most_waiting=1, num_workers=1), ModelHolder(tmp_path, 1.0), Shop(None, 1.0)
    )
    client, gate = TestClient(create_app(server)), threading.Event()
    declared = {"content-type": "application/json"}
    assert client.post(f"/v1/{route}", content=b"{", headers=declared).status_code == 422  # it was read
    loop = asyncio.new_event_loop()
    waiting = [loop.create_task(server.workers.run(gate.wait)) for _ in range(2)]
    try:
        loop.run_until_complete(asyncio.sleep(0))
        refused = client.post(f"/v1/{route}", content=b"{", headers=declared)
        assert refused.status_code == 429 and refused.headers["retry-after"] == "1"
    finally:
        gate.set()
        loop.run_until_complete(asyncio.gather(*waiting))
        loop.close()
        server.workers.close()


def test_a_connection_stays_good_when_the_body_of_a_refused_request_comes_late():
    door = Door()
    server = uvicorn.Server(uvicorn.Config(door.guard, port=0, lifespan="off", log_level="warning"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    connection = http.client.HTTPConnection(
        "127.0.0.1", server.servers[0].sockets[0].getsockname()[1], timeout=30
    )
    try:
        connection.putrequest("POST", PATH)
        connection.putheader("content-length", "4")
        connection.endheaders()
        connection.sock.setblocking(True)
        connection.send(b"{")
        refused = connection.getresponse()
        assert refused.status == 429 and refused.read()
        connection.send(b" } ")
        door.full = False
        connection.request("POST", PATH, b"{}")
        assert connection.getresponse().read() == b"in"
    finally:
        connection.close()
        server.should_exit = True
        thread.join()
