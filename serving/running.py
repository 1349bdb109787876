"""Runs the application in uvicorn until it is told to stop."""

from __future__ import annotations

import logging
import signal

import uvicorn

from serving.grpc.server import start_grpc
from serving.http.app import create_app
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
    )


def run(server: Server) -> None:
    """Serves until SIGINT or SIGTERM; requests that have begun are answered first.

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
        calls, _ = start_grpc(server.settings, server.holder, server.metrics)
    uvicorn.Server(configuration(server)).run()
    if calls is not None:
        calls.stop(_GRACE_SECONDS).wait()
