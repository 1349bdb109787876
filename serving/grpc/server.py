"""TF Serving's gRPC services over the model that is served, so that its clients work unchanged.

Token, limits, log and counts are those of the REST server beside it. Error codes are those of TF Serving:
INVALID_ARGUMENT for a request that does not fit the signature, NOT_FOUND for another model or version,
FAILED_PRECONDITION for a signature that is not there.
"""

from __future__ import annotations

import hmac
import json
import logging
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from pathlib import Path
from typing import Any, NoReturn

import grpc
import tensorflow as tf
from grpc import ServicerContext as Context
from tensorflow_serving.apis import (
    get_model_metadata_pb2,
    get_model_status_pb2,
    model_service_pb2_grpc,
    predict_pb2,
    prediction_service_pb2_grpc,
)

from schema.errors import UserError
from serving.http.metrics import ServerMetrics
from serving.http.settings import ServerSettings
from serving.model.holder import ModelHolder, Served

_LOG = logging.getLogger("towerline.access")

_SIGNATURES = "signature_def"
_CODES = {code.value[0]: code for code in grpc.StatusCode}


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


class _Service:
    """Finds the model that a request names.

    Args:
        holder: The model that is served.
        name: How requests call it.
    """

    def __init__(self, holder: ModelHolder, name: str) -> None:
        self._holder, self._name = holder, name

    def _find(self, spec: Any, context: Context) -> Served:
        """Ends the call with INVALID_ARGUMENT, NOT_FOUND or UNAVAILABLE where there is no such model."""
        if not spec.name:
            _refuse(context, grpc.StatusCode.INVALID_ARGUMENT, "Missing ModelSpec")
        if spec.version_label:
            _refuse(context, grpc.StatusCode.INVALID_ARGUMENT, "Version labels are not supported")
        served = self._holder.served
        if served is None:
            _refuse(context, grpc.StatusCode.UNAVAILABLE, "No model is ready yet")
        asked = spec.version.value if spec.HasField("version") else None
        if spec.name != self._name or (asked is not None and str(asked) != served.model.version):
            which = f"Latest({spec.name})" if asked is None else f"Specific({spec.name}, {asked})"
            _refuse(context, grpc.StatusCode.NOT_FOUND, f"Servable not found for request: {which}")
        return served

    def _say(self, spec: Any, served: Served, signature: str = "") -> None:
        """Fills the model spec of an answer."""
        spec.name, spec.signature_name = self._name, signature
        spec.version.value = int(served.model.version)


class PredictionService(_Service, prediction_service_pb2_grpc.PredictionServiceServicer):
    """`Predict` and `GetModelMetadata`; the other calls of the service answer UNIMPLEMENTED."""

    def Predict(self, request: Any, context: Context) -> Any:  # noqa: N802
        """Calls a signature."""
        served = self._find(request.model_spec, context)
        name = request.model_spec.signature_name or "serving_default"
        function = served.model.signatures.get(name)
        if function is None:
            message = f'Serving signature key "{name}" not found.'
            _refuse(context, grpc.StatusCode.FAILED_PRECONDITION, message)
        tensors = _inputs(request.inputs, function.inputs, context)
        wanted = _outputs(request.output_filter, function.outputs, context)
        try:
            found = served.model.answer(name, tensors)
        except tf.errors.OpError as error:
            # The first line alone: what follows is where in the graph, with our paths.
            _refuse(context, _CODES[error.error_code], str(error.message).partition("\n")[0])
        answer = predict_pb2.PredictResponse()
        self._say(answer.model_spec, served, name)
        for alias in wanted:
            answer.outputs[alias].CopyFrom(tf.make_tensor_proto(found[alias]))
        return answer

    def GetModelMetadata(self, request: Any, context: Context) -> Any:  # noqa: N802
        """The signatures of the model."""
        if not request.metadata_field:
            message = "GetModelMetadataRequest must specify at least one metadata_field"
            _refuse(context, grpc.StatusCode.INVALID_ARGUMENT, message)
        for field in request.metadata_field:
            if field != _SIGNATURES:
                message = f"Metadata field {field} is not supported"
                _refuse(context, grpc.StatusCode.INVALID_ARGUMENT, message)
        served = self._find(request.model_spec, context)
        answer = get_model_metadata_pb2.GetModelMetadataResponse()
        self._say(answer.model_spec, served)
        answer.metadata[_SIGNATURES].Pack(_signature_defs(served.model.folder))
        return answer


class ModelService(_Service, model_service_pb2_grpc.ModelServiceServicer):
    """`GetModelStatus`: the version that is served."""

    def GetModelStatus(self, request: Any, context: Context) -> Any:  # noqa: N802
        """The one version there is is available."""
        served = self._find(request.model_spec, context)
        answer = get_model_status_pb2.GetModelStatusResponse()
        status = answer.model_version_status.add()
        status.version = int(served.model.version)
        status.state = get_model_status_pb2.ModelVersionStatus.AVAILABLE
        return answer


def _inputs(given: Any, specs: Any, context: Context) -> dict[str, Any]:
    if set(given) != set(specs):
        extra, missing = sorted(set(given) - set(specs)), sorted(set(specs) - set(given))
        message = (
            f"input size does not match signature: {len(given)}!={len(specs)}. "
            f"Sent extra: {{{','.join(extra)}}}. Missing but required: {{{','.join(missing)}}}."
        )
        _refuse(context, grpc.StatusCode.INVALID_ARGUMENT, message)
    tensors = {}
    for alias, spec in specs.items():
        try:
            value = tf.make_ndarray(given[alias])
        except (TypeError, ValueError):
            _refuse(context, grpc.StatusCode.INVALID_ARGUMENT, f"tensor parsing error: {alias}")
        kind, shape = tf.dtypes.as_dtype(given[alias].dtype), tf.TensorShape(value.shape)
        if kind != spec.dtype or not spec.shape.is_compatible_with(shape):
            message = (
                f"{alias}: the signature wants {spec.dtype.name} {spec.shape}. Received: {kind.name} {shape}."
            )
            _refuse(context, grpc.StatusCode.INVALID_ARGUMENT, message)
        tensors[alias] = value
    return tensors


def _outputs(asked: Any, there: Any, context: Context) -> list[str]:
    for alias in asked:
        if alias not in there:
            message = (
                f"output tensor alias not found in signature: {alias} "
                f"Outputs expected to be in the set {{{','.join(sorted(there))}}}."
            )
            _refuse(context, grpc.StatusCode.INVALID_ARGUMENT, message)
    return list(asked) or list(there)


@lru_cache(maxsize=2)
def _signature_defs(folder: Path) -> Any:
    from tensorflow.core.protobuf import saved_model_pb2

    model = saved_model_pb2.SavedModel()
    model.ParseFromString((folder / "saved_model.pb").read_bytes())
    signatures = get_model_metadata_pb2.SignatureDefMap()
    for name, signature in model.meta_graphs[0].signature_def.items():
        signatures.signature_def[name].CopyFrom(signature)
    return signatures


def _refuse(context: Context, code: grpc.StatusCode, message: str) -> NoReturn:
    context.abort(code, message)
    raise RuntimeError("unreachable: abort has raised")
