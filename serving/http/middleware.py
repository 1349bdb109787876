"""Around every request: its id, the bearer token, the size of its body, the log and the counts."""

from __future__ import annotations

import asyncio
import hmac
import json
import logging
import re
import time
import uuid
from collections.abc import Callable
from contextvars import ContextVar
from typing import Any

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from serving.http.metrics import ServerMetrics
from serving.http.pages import STATIC
from serving.http.settings import ServerSettings
from serving.http.workers import TOO_MANY
from serving.problems import answer

_LOG = logging.getLogger("towerline.access")
METHODS = ("GET", "HEAD", "POST", "DELETE", "OPTIONS")
_OPEN = ("/healthz", "/readyz", "/")  # the explorer page asks for the token itself
_REQUEST_ID = "x-request-id"
REQUEST_ID: ContextVar[str] = ContextVar("request_id", default="")
"""Id of the request that is being answered."""
_LONGEST_ID = 100
_USER_PATH = re.compile(r"(?s)(/v1/users/).+")


class Guard:
    """Refuses what must not reach the application, and writes a line about each request.

    Args:
        app: The application.
        settings: Token and limits.
        metrics: Counts requests.
        is_full: Whether the workers take no more.
        queued: Paths whose POST requests a worker answers. While it is full they are refused at the door, by
            their head alone. Who has come in meanwhile with his body under way may still be refused later: a
            place that was kept for a body would be kept for the slowest clients.
    """

    def __init__(
        self,
        app: ASGIApp,
        settings: ServerSettings,
        metrics: ServerMetrics,
        is_full: Callable[[], bool] = lambda: False,
        queued: frozenset[str] = frozenset(),
    ) -> None:
        self._app, self._settings, self._metrics = app, settings, metrics
        self._is_full, self._queued = is_full, queued

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started, headers = time.perf_counter(), Headers(scope=scope)
        given = headers.get(_REQUEST_ID, "")
        request_id = given if 0 < len(given) <= _LONGEST_ID and given.isprintable() else uuid.uuid4().hex
        REQUEST_ID.set(request_id)
        status = 500

        is_head = scope["method"] == "HEAD"

        async def tell(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message)[_REQUEST_ID] = request_id
            elif is_head and message["type"] == "http.response.body":
                message = {**message, "body": b""}
            await send(message)

        try:
            refused = self._refusal(scope, headers)
            asked = {**scope, "method": "GET"} if is_head else scope
            limits = (self._settings.most_body_bytes, self._settings.receive_seconds)
            await (refused or self._app)(asked, _limited(receive, *limits), tell)
            scope = asked
        finally:
            seconds = time.perf_counter() - started
            path = _path(scope)
            route = getattr(scope.get("route"), "path", path if path in self._queued else "other")
            self._metrics.request(route, status, seconds)
            _LOG.info(_line(scope, status, seconds, request_id))

    def _refusal(self, scope: Scope, headers: Headers) -> ASGIApp | None:
        if scope["method"] == "OPTIONS":
            return Response(status_code=204, headers={"Allow": ", ".join(METHODS)})
        token = self._settings.token
        path = _path(scope)
        if token is not None and not _is_open(path):
            given = headers.get("authorization", "").encode("latin-1")
            if not hmac.compare_digest(given, f"Bearer {token}".encode("latin-1")):
                return answer(401, "A bearer token is needed.", {"WWW-Authenticate": "Bearer"})
        if scope["method"] == "POST" and path in self._queued and self._is_full():
            return answer(429, *TOO_MANY)
        length = headers.get("content-length", "0")
        if not length.isdigit() or int(length) > self._settings.most_body_bytes:
            return answer(413, self._too_large())
        return None

    def _too_large(self) -> str:
        return f"The body of a request has at most {self._settings.most_body_bytes} bytes."


def _path(scope: Scope) -> str:
    return str(scope["path"]).removeprefix(scope.get("root_path", ""))


def _is_open(path: str) -> bool:
    return path in _OPEN or path.startswith(STATIC)


def _limited(receive: Receive, most: int, seconds: float) -> Receive:
    seen, is_whole = 0, False

    async def read() -> Message:
        nonlocal seen, is_whole
        try:
            message = await asyncio.wait_for(receive(), None if is_whole else seconds)
        except TimeoutError:
            raise HTTPException(408, headers={"Connection": "close"}) from None
        is_whole = not message.get("more_body", False)
        seen += len(message.get("body", b""))
        if seen > most:
            raise HTTPException(413)
        return message

    return read


def _line(scope: Scope, status: int, seconds: float, request_id: str) -> str:
    fields: dict[str, Any] = {
        "method": scope["method"],
        "path": _USER_PATH.sub(r"\1…", scope["path"]),  # a log outlives the wish to be forgotten
        "status": status,
        "ms": round(seconds * 1000, 2),
        "request_id": request_id,
    }
    return json.dumps(fields, ensure_ascii=False)
