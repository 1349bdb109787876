"""The clients, against a server that takes a known time."""

import contextlib
import http.server
import json
import threading
import time

import pytest

from benchmarks.serving.clients import Client, at_rate, sustained

TOGETHER = 8


@pytest.fixture
def port():
    """A server that answers after 20 ms, refuses `busy`, and lets `together` wait until eight have come."""
    together = threading.Barrier(TOGETHER)

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self):
            user = json.loads(self.rfile.read(int(self.headers["content-length"])))["user_id"]
            time.sleep(0.02)
            with contextlib.suppress(threading.BrokenBarrierError):
                if user == "together":
                    together.wait(timeout=30)
            self.send_response(429 if user == "busy" or together.broken else 200)
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
    """The server answers the first only when the last has come, however slow this machine is."""
    seconds, refused = at_rate(Client(port), ["together"] * TOGETHER, per_second=200)
    assert len(seconds) == TOGETHER and refused == 0


def test_only_answers_count_in_sustained_load(port):
    assert sustained(Client(port), ["busy"], 0.2, clients=2) == 0
    assert 0 < sustained(Client(port), ["a"], 0.5, clients=2) <= 2 / 0.02 + 4
