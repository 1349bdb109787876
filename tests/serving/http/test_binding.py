"""The address is taken before anything is loaded; what never becomes a request is closed."""

from __future__ import annotations

import socket
import threading
import time

import pytest
import uvicorn
from starlette.responses import PlainTextResponse

from schema.errors import UserError
from serving.http.binding import bound, patient_protocol, url_of


def test_a_port_in_use_is_one_clear_line():
    with bound("127.0.0.1", 0) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(
            UserError, match=rf"cannot listen at http://127.0.0.1:{port}/: Address already in use"
        ):
            bound("127.0.0.1", port)


def test_a_host_that_is_not_of_this_machine_is_one_clear_line():
    with pytest.raises(UserError, match=r"--host 203.0.113.1 --port 1234. Remedy"):
        bound("203.0.113.1", 1234)
    with pytest.raises(UserError, match=r"cannot listen"):
        bound("no such host", 1234)


@pytest.mark.parametrize(
    ("host", "expected"),
    [("::1", "http://[::1]:85/"), ("[::1]", "http://[::1]:85/"), ("127.0.0.1", "http://127.0.0.1:85/")],
)
def test_addresses_are_shown_as_browsers_take_them(host, expected):
    assert url_of(host, 85) == expected


@pytest.fixture
def port():
    listener = bound("127.0.0.1", 0)
    config = uvicorn.Config(
        PlainTextResponse("ok"), http=patient_protocol(0.3), log_level="error", lifespan="off"
    )
    runner = uvicorn.Server(config)
    thread = threading.Thread(target=runner.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    while not runner.started:
        time.sleep(0.01)
    yield listener.getsockname()[1]
    runner.should_exit = True
    thread.join()


def ask(port, *pieces):
    with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
        for piece in pieces:
            connection.sendall(piece)
        return connection.recv(10_000)


@pytest.mark.parametrize("piece", [b"", b"GET / HT", b"GET / HTTP/1.1\r\nHost: x\r\n"])
def test_half_sent_requests_are_closed(port, piece):
    started = time.monotonic()
    assert ask(port, piece) == b""
    assert time.monotonic() - started < 4


def test_whole_requests_are_answered_also_on_one_connection(port):
    whole = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
    with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
        for _ in range(2):
            connection.sendall(whole)
            assert connection.recv(10_000).startswith(b"HTTP/1.1 200")
        connection.sendall(b"GET / HT")
        assert connection.recv(10_000) == b""
