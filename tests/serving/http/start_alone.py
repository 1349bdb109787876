"""Run by `test_start.py` in a process of its own: what a real server answers, and with what loaded.

Prints JSON; the arguments are the push directory, the URL of the database, and a user.
"""

from __future__ import annotations

import contextlib
import json
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import uvicorn

from schema.source import open_source
from schema.source_settings import SourceSettings
from serving.database.shop import Shop
from serving.http.server import Server
from serving.http.settings import ServerSettings
from serving.model.holder import ModelHolder
from serving.running import configuration


@contextlib.contextmanager
def started(directory: str, url: str) -> Iterator[str]:
    """The address of a server that is ready, as `towerline serve` makes it; it ends in good order."""
    settings = ServerSettings(port=0, budget_ms=60_000)
    shop = Shop(lambda: open_source(SourceSettings(url=url)), settings.clock_seconds)
    server = Server(settings, ModelHolder(Path(directory), settings.poll_seconds, True, True), shop)
    runner = uvicorn.Server(configuration(server))
    thread = threading.Thread(target=runner.run)
    thread.start()
    try:
        while not (runner.started and server.holder.served):
            assert thread.is_alive()
            time.sleep(0.05)
        yield f"http://127.0.0.1:{runner.servers[0].sockets[0].getsockname()[1]}"
    finally:
        runner.should_exit = True
        thread.join()


def ask(address: str, path: str, body: dict | None = None) -> dict | str:
    """The answer, JSON if it is."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(address + path, data, {"content-type": "application/json"})
    with urllib.request.urlopen(request, timeout=300) as answer:
        text = answer.read().decode()
    return json.loads(text) if answer.headers["content-type"].startswith("application/json") else text


def lists(address: str, user: str) -> list[dict]:
    """Lists of a known user, of one without history, and of one whose town alone is known."""
    bodies = ({"user_id": user, "top_k": 8}, {"user_id": "nobody"}, {"context": {"town": "Ulm"}})
    return [ask(address, "/v1/recommendations", body)["items"] for body in bodies]


def state(address: str) -> dict:
    """What says that the session is there, and whether it is."""
    metrics = ask(address, "/metrics").splitlines()
    gauges = [line for line in metrics if "executor_loaded{" in line]
    counted = {line.partition('"')[2].partition('"')[0] for line in metrics if "lists_total{" in line}
    loaded = [name for name in sys.modules if name.split(".")[0] == "tensorflow"]
    executors = ask(address, "/readyz")["executors"]
    told = {"executors": executors, "gauges": gauges, "counted": sorted(counted)}
    return told | {"has_tensorflow": bool(loaded)}


def similar(address: str, product_id: str) -> list[dict]:
    """Products like one; who asks while the session is loaded may be sent away, and comes again."""
    for _ in range(10):
        try:
            return ask(address, "/v1/similar", {"product_id": product_id})["items"]
        except urllib.error.HTTPError as error:
            assert error.code == 503, error.read()
    raise AssertionError("it was never loaded")


def main(directory: str, url: str, user: str) -> None:
    with started(directory, url) as address:
        told = {"lists": lists(address, user), "state": state(address)}
        told["similar"] = similar(address, told["lists"][0][0]["product_id"])
        told |= {"lists_after": lists(address, user), "state_after": state(address)}
    sys.stdout.write(json.dumps(told) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
