"""TF Serving's gRPC services over the model that is served, so that its clients work unchanged.

Error codes are those of TF Serving: INVALID_ARGUMENT for a request that does not fit the signature,
NOT_FOUND for another model or version, FAILED_PRECONDITION for a signature that is not there.
"""

from __future__ import annotations

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

from serving.model.holder import ModelHolder, Served

_SIGNATURES = "signature_def"
_CODES = {code.value[0]: code for code in grpc.StatusCode}


class _Models:
    """Finds the model that a request names.

    Args:
        holder: The model that is served.
        name: How requests call it.
    """

    def __init__(self, holder: ModelHolder, name: str) -> None:
        self._holder, self._name = holder, name

    def find(self, spec: Any, context: Context) -> Served:
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

    def say(self, spec: Any, served: Served, signature: str = "") -> None:
        """Fills the model spec of an answer."""
        spec.name, spec.signature_name = self._name, signature
        spec.version.value = int(served.model.version)


class PredictionService(prediction_service_pb2_grpc.PredictionServiceServicer):
    """`Predict` and `GetModelMetadata`; the other calls of the service answer UNIMPLEMENTED.

    Args:
        holder: The model that is served.
        name: How requests call it.
    """

    def __init__(self, holder: ModelHolder, name: str) -> None:
        self._models = _Models(holder, name)

    def Predict(self, request: Any, context: Context) -> Any:  # noqa: N802
        """Calls a signature."""
        served = self._models.find(request.model_spec, context)
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
        self._models.say(answer.model_spec, served, name)
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
        served = self._models.find(request.model_spec, context)
        answer = get_model_metadata_pb2.GetModelMetadataResponse()
        self._models.say(answer.model_spec, served)
        answer.metadata[_SIGNATURES].Pack(_signature_defs(served.model.folder))
        return answer


class ModelService(model_service_pb2_grpc.ModelServiceServicer):
    """`GetModelStatus`: the version that is served.

    Args:
        holder: The model that is served.
        name: How requests call it.
    """

    def __init__(self, holder: ModelHolder, name: str) -> None:
        self._models = _Models(holder, name)

    def GetModelStatus(self, request: Any, context: Context) -> Any:  # noqa: N802
        """The one version there is is available."""
        served = self._models.find(request.model_spec, context)
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
