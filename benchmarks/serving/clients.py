"""Clients that ask a server and note how long it took."""

from __future__ import annotations

import http.client
import itertools
import json
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

_CLIENTS = 16
_TIMEOUT = 60


class Client:
    """Keeps one connection a thread.

    Args:
        port: Of the server on this machine.
    """

    def __init__(self, port: int) -> None:
        self._port = port
        self._local = threading.local()

    def ask(self, user: str) -> int:
        """Asks for recommendations; the status of the answer, which is read to its end."""
        return self._answer({"user_id": user, "top_k": 10, "diversity": 0.3})[0]

    def items(self, user: str, top_k: int = 10) -> list[str] | None:
        """The products of an answer; None if it was refused."""
        status, body = self._answer({"user_id": user, "top_k": top_k})
        return [item["product_id"] for item in json.loads(body)["items"]] if status == 200 else None

    def _answer(self, request: dict[str, Any]) -> tuple[int, bytes]:
        try:
            return self._answer_now(request)
        except ConnectionError:  # the server has closed a connection that nothing came over for a while
            del self._local.connection
            return self._answer_now(request)

    def _answer_now(self, request: dict[str, Any]) -> tuple[int, bytes]:
        if not hasattr(self._local, "connection"):
            self._local.connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=_TIMEOUT)
        headers = {"content-type": "application/json"}
        self._local.connection.request("POST", "/v1/recommendations", json.dumps(request), headers)
        answer = self._local.connection.getresponse()
        return int(answer.status), answer.read()


def at_rate(client: Client, users: Sequence[str], per_second: float) -> tuple[list[float], int]:
    """Asks once for each user at a steady rate, whether or not the answers before have come.

    Returns:
        Seconds from the moment at which each request was due to its answer, and how many were refused.
    """
    start = time.perf_counter() + 0.1

    def one(number: int) -> tuple[float, int]:
        due = start + number / per_second
        time.sleep(max(0.0, due - time.perf_counter()))
        status = client.ask(users[number])
        return time.perf_counter() - due, status

    with ThreadPoolExecutor(_CLIENTS) as pool:
        done = list(pool.map(one, range(len(users))))
    return [seconds for seconds, _ in done], sum(status != 200 for _, status in done)


def sustained(client: Client, users: Sequence[str], seconds: float, clients: int = 8) -> float:
    """Answers a second when every client asks again as soon as it has its answer."""
    until = time.perf_counter() + seconds

    def keep_asking(first: int) -> int:
        answered = 0
        for user in itertools.islice(itertools.cycle(users), first, None):
            if time.perf_counter() > until:
                return answered
            answered += client.ask(user) == 200
        return answered

    with ThreadPoolExecutor(clients) as pool:
        return sum(pool.map(keep_asking, range(clients))) / seconds
