"""The clients, against a server that takes a known time."""

import http.server
import json
import threading
import time

import pytest

from benchmarks.serving.clients import Client, at_rate, sustained


@pytest.fixture
def port():
    """A server that answers after 20 ms, and refuses the user `busy`."""

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self):
            user = json.loads(self.rfile.read(int(self.headers["content-length"])))["user_id"]
            time.sleep(0.02)
            self.send_response(429 if user == "busy" else 200)
            self.send_header("content-length", "2")
            self.end_headers()
            self.wfile.write(b"{}")

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_address[1]
    server.shutdown()


def test_times_run_from_when_a_request_was_due(port):
    seconds, refused = at_rate(Client(port), ["a", "busy", "b", "busy", "c"], per_second=100)
    assert len(seconds) == 5 and refused == 2
    assert min(seconds) >= 0.02


def test_a_steady_rate_does_not_wait_for_answers(port):
    start = time.perf_counter()
    at_rate(Client(port), ["a"] * 20, per_second=200)
    assert time.perf_counter() - start < 20 * 0.02  # one after the other they would take longer


def test_only_answers_count_in_sustained_load(port):
    assert sustained(Client(port), ["busy"], 0.2, clients=2) == 0
    assert 0 < sustained(Client(port), ["a"], 0.5, clients=2) <= 2 / 0.02 + 4
