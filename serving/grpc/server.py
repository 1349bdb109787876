"""The gRPC server beside the REST server: token, limits, log and counts are the same."""

from __future__ import annotations

import hmac
import json
import logging
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc

from schema.errors import UserError
from serving.http.metrics import ServerMetrics
from serving.http.settings import ServerSettings
from serving.model.holder import ModelHolder

_LOG = logging.getLogger("towerline.access")


def start_grpc(
    settings: ServerSettings, holder: ModelHolder, metrics: ServerMetrics
) -> tuple[grpc.Server, int]:
    """Starts the server, and returns it with the port that it listens to.

    Args:
        settings: Address, token and limits; port 0 takes a free one.
        holder: The model that is served.
        metrics: Counts calls.

    Raises:
        UserError: The port is taken.
    """
    from tensorflow_serving.apis import model_service_pb2_grpc, prediction_service_pb2_grpc

    from serving.grpc.service import ModelService, PredictionService

    server = grpc.server(
        ThreadPoolExecutor(settings.num_workers, "towerline-grpc"),
        interceptors=[_Guard(settings.token, metrics)],
        maximum_concurrent_rpcs=settings.num_workers + settings.most_waiting,
        options=[("grpc.max_receive_message_length", settings.most_body_bytes), ("grpc.so_reuseport", 0)],
    )
    prediction_service_pb2_grpc.add_PredictionServiceServicer_to_server(
        PredictionService(holder, settings.grpc_model), server
    )
    model_service_pb2_grpc.add_ModelServiceServicer_to_server(
        ModelService(holder, settings.grpc_model), server
    )
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    address = f"{host}:{settings.grpc_port}"
    try:
        port = server.add_insecure_port(address)
    except RuntimeError as error:
        raise UserError(
            f"The address {address} cannot be bound for gRPC. Remedy: choose another --grpc-port."
        ) from error
    server.start()
    return server, port


class _Guard(grpc.ServerInterceptor):
    """Refuses calls without the token, and writes a line about each call.

    Args:
        token: The bearer token; None lets everybody in.
        metrics: Counts calls.
    """

    def __init__(self, token: str | None, metrics: ServerMetrics) -> None:
        self._token, self._metrics = token, metrics

    def intercept_service(self, continuation: Callable[..., Any], details: Any) -> Any:
        """One call."""
        handler = continuation(details)
        if handler is None or handler.unary_unary is None:
            return handler
        given = dict(details.invocation_metadata)
        allowed = self._token is None or hmac.compare_digest(
            str(given.get("authorization", "")).encode(), f"Bearer {self._token}".encode()
        )

        def behave(request: Any, context: grpc.ServicerContext) -> Any:
            started = time.perf_counter()
            try:
                if not allowed:
                    context.abort(grpc.StatusCode.UNAUTHENTICATED, "A bearer token is needed.")
                return handler.unary_unary(request, context)
            finally:
                self._tell(details.method, context, time.perf_counter() - started)

        return grpc.unary_unary_rpc_method_handler(
            behave, handler.request_deserializer, handler.response_serializer
        )

    def _tell(self, method: str, context: grpc.ServicerContext, seconds: float) -> None:
        code = context.code()  # None while nothing has gone wrong
        value = 0 if code is None else code.value[0] if isinstance(code, grpc.StatusCode) else int(code)
        self._metrics.request(method, value, seconds)
        fields = {"method": "grpc", "path": method, "status": value, "ms": round(seconds * 1000, 2)}
        _LOG.info(json.dumps(fields))
