"""Takes the address of the server before anything is loaded, and closes what never becomes a request."""

from __future__ import annotations

import asyncio
import socket
from typing import Any

from uvicorn.protocols.http.auto import AutoHTTPProtocol

from schema.errors import UserError


def bound(host: str, port: int) -> socket.socket:
    """Returns a socket that is bound to an address, IPv4 or IPv6.

    Raises:
        UserError: There is no such address, or it is taken.
    """
    bare = host.strip("[]")
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(bare, port, type=socket.SOCK_STREAM)[0]
        found = socket.socket(family, kind, protocol)
        found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        found.bind(address)
        found.listen(1)  # two servers may be bound to one address, and only one may listen
    except OSError as error:
        raise UserError(
            f"The server cannot listen at {url_of(host, port)}: {error.strerror or error}. Received: --host "
            f"{host} --port {port}. Remedy: choose another --port, or a --host of this machine."
        ) from error
    return found


def url_of(host: str, port: int) -> str:
    """Returns the address as a browser takes it."""
    bare = host.strip("[]")
    return f"http://[{bare}]:{port}/" if ":" in bare else f"http://{bare}:{port}/"


def patient_protocol(seconds: float) -> type[asyncio.Protocol]:
    """Returns uvicorn's protocol, which closes connections whose request is not there after a while.

    Args:
        seconds: For how long the head of a request may be under way.
    """

    class Patient(AutoHTTPProtocol):  # type: ignore[misc,valid-type]
        _timer: asyncio.TimerHandle | None = None

        def connection_made(self, transport: Any) -> None:
            super().connection_made(transport)
            self._watch()

        def data_received(self, data: bytes) -> None:
            super().data_received(data)
            self._watch()

        def connection_lost(self, exc: Exception | None) -> None:
            self._stop()
            super().connection_lost(exc)

        def _watch(self) -> None:
            if self.cycle is not None and not self.cycle.response_complete:
                self._stop()
            elif self._timer is None:
                self._timer = self.loop.call_later(seconds, self.transport.close)

        def _stop(self) -> None:
            if self._timer is not None:
                self._timer.cancel()
                self._timer = None

    return Patient
