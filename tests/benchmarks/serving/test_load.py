"""Crowds, against a server whose answers are known."""

import http.server
import json
import threading

import pytest

from benchmarks.serving.load import HEAD, Crowd, crowd, rows_of

ANSWERS = {
    "listed": (200, {"items": []}),
    "late": (200, {"items": [], "fallback": "popular"}),
    "unread": (200, {"items": [], "fallback": "snapshot"}),
    "refused": (429, {}),
    "failed": (500, {}),
}


@pytest.fixture
def port():
    """A server whose answer is in the name of the user; who asks for `gone` loses the connection."""

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self):
            user = json.loads(self.rfile.read(int(self.headers["content-length"])))["user_id"]
            if user == "gone":
                self.close_connection = True
                return
            status, content = ANSWERS[user]
            body = json.dumps(content).encode()
            self.send_response(status)
            self.send_header("content-length", str(len(body)))
            if status == 429:
                self.send_header("Retry-After", "0.05")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_address[1]
    server.shutdown()


def asked(port, *users, clients=3):
    return crowd(port, users, clients, seconds=0.3, seed=1)


def test_lists_are_accepted_and_those_whose_time_was_over_are_late(port):
    listed, unread, late = (asked(port, user) for user in ("listed", "unread", "late"))
    for found in (listed, unread, late):
        assert found.accepted >= 3 and found.refused == found.lost == 0
        assert 0 < found.accepted_ms[0] <= found.accepted_ms[1] and found.refused_ms is None
    assert listed.late == unread.late == 0 and late.late == late.accepted


def test_who_is_refused_waits_as_long_as_he_is_told(port):
    found = asked(port, "refused")
    # Each begins within a second and may go on for 1.3 seconds in all: 26 times 0.05 at most, and once more.
    assert 3 <= found.refused <= 3 * 27 and found.accepted == 0 and found.accepted_ms is None


def test_other_answers_and_lost_connections_are_told(port):
    assert asked(port, "failed").lost >= 3
    assert asked(port, "gone").lost == 3


def test_a_row_has_what_there_is():
    one, other = Crowd(8, 1000, 0, 2, 1, (1.24, 9.96), None), Crowd(64, 0, 5, 0, 0, None, (0.5, 2.0))
    assert rows_of([one, other]) == [
        ("8", "1,000", "0", "2", "1", "1.2 / 10.0", "–"),
        ("64", "0", "5", "0", "0", "–", "0.5 / 2.0"),
    ]
    assert len(HEAD) == 7
