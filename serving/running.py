"""Runs the application in uvicorn until it is told to stop."""

from __future__ import annotations

import logging
import signal
import socket

import uvicorn

from serving.http.app import create_app
from serving.http.binding import patient_protocol
from serving.http.server import Server

_GRACE_SECONDS = 15


def configuration(server: Server) -> uvicorn.Config:
    """How uvicorn runs the application."""
    return uvicorn.Config(
        create_app(server),
        host=server.settings.host,
        port=server.settings.port,
        log_level="warning",
        access_log=False,
        timeout_graceful_shutdown=_GRACE_SECONDS,
        root_path=server.settings.root_path,
        http=patient_protocol(server.settings.receive_seconds),
    )


def run(server: Server, listener: socket.socket | None = None) -> None:
    """Serves until SIGINT or SIGTERM; requests that have begun are answered first.

    Args:
        server: What the routes need.
        listener: The socket at which it listens; by default one at the address of the settings.

    Raises:
        UserError: The port of gRPC is taken.
    """
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("%(message)s"))
    for name in ("towerline.access", "towerline.serving"):
        logger = logging.getLogger(name)
        logger.addHandler(handler)
        logger.setLevel(logging.INFO)
        logger.propagate = False
    for number in (signal.SIGINT, signal.SIGTERM):
        # uvicorn ends in good order and then raises the signal again for the handler from before.
        signal.signal(number, lambda *_: None)
    calls = None
    if server.settings.grpc_port is not None:
        from serving.grpc.server import start_grpc  # it needs TensorFlow

        calls, _ = start_grpc(server.settings, server.holder, server.metrics)
    uvicorn.Server(configuration(server)).run(sockets=None if listener is None else [listener])
    if calls is not None:
        calls.stop(_GRACE_SECONDS).wait()
