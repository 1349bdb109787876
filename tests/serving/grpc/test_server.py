"""TF Serving's services, asked by its stock stubs over a real socket."""

import grpc
import numpy as np
import pytest
import tensorflow as tf
from tensorflow_serving.apis import (
    get_model_metadata_pb2,
    get_model_status_pb2,
    model_service_pb2_grpc,
    predict_pb2,
    prediction_service_pb2_grpc,
)

from schema.errors import UserError
from schema.served.request import encode_queries
from serving.grpc.server import start_grpc

SECONDS = 60


@pytest.fixture(scope="module")
def address(make_server):
    server = make_server(grpc_port=0)
    calls, port = start_grpc(server.settings, server.holder, server.metrics)
    yield f"127.0.0.1:{port}"
    calls.stop(None).wait()


@pytest.fixture(scope="module")
def channel(address):
    with grpc.insecure_channel(address) as channel:
        yield channel


@pytest.fixture(scope="module")
def stub(channel):
    return prediction_service_pb2_grpc.PredictionServiceStub(channel)


def request_for(inputs, signature="", name="towerline", version=None):
    request = predict_pb2.PredictRequest()
    request.model_spec.name, request.model_spec.signature_name = name, signature
    if version is not None:
        request.model_spec.version.value = version
    for alias, value in inputs.items():
        request.inputs[alias].CopyFrom(tf.make_tensor_proto(value))
    return request


def search_inputs():
    return {"text": np.array([b"blue"], object), "top_k": np.int64(3)}


def refused(call, code):
    with pytest.raises(grpc.RpcError) as caught:
        call()
    assert caught.value.code() is code, caught.value
    assert "Traceback" not in caught.value.details() and "\n" not in caught.value.details()
    return caught.value.details()


def test_predict_gives_what_the_model_gives(stub, server):
    model = server.served().model
    query, _ = server.shop.question("u5", model.features, model.history_length)
    inputs = encode_queries(model.features, [query], model.history_length)
    inputs |= {"top_k": np.int64(6), "exclude_purchased": np.bool_(False)}
    expected = model.recommend([query], 6, False)[0]
    for signature in ("", "recommend"):
        answer = stub.Predict(request_for(inputs, signature), SECONDS)
        found = tf.make_ndarray(answer.outputs["product_id"])[0]
        assert [name.decode() for name in found] == [item["product_id"] for item in expected]
        scores = tf.make_ndarray(answer.outputs["score"])[0]
        assert scores.tolist() == pytest.approx([item["score"] for item in expected])
        assert answer.model_spec.version.value == 1000 and answer.model_spec.name == "towerline"
        assert answer.model_spec.signature_name == (signature or "serving_default")


def test_outputs_are_filtered_and_a_version_may_be_named(stub):
    request = request_for(search_inputs(), "search", version=1000)
    request.output_filter.append("score")
    assert list(stub.Predict(request, SECONDS).outputs) == ["score"]


def test_what_tf_serving_refuses_is_refused_with_its_code(stub):
    code = grpc.StatusCode
    cases = [
        (request_for(search_inputs(), "search", name="other"), code.NOT_FOUND, "Latest(other)"),
        (request_for(search_inputs(), "search", version=7), code.NOT_FOUND, "Specific(towerline, 7)"),
        (request_for(search_inputs(), "search", name=""), code.INVALID_ARGUMENT, "Missing ModelSpec"),
        (request_for(search_inputs(), "guess"), code.FAILED_PRECONDITION, 'key "guess" not found'),
        (request_for({"text": [b"x"]}, "search"), code.INVALID_ARGUMENT, "Missing but required: {top_k}"),
        (request_for({**search_inputs(), "x": 1}, "search"), code.INVALID_ARGUMENT, "Sent extra: {x}"),
        (request_for({**search_inputs(), "text": [1.0]}, "search"), code.INVALID_ARGUMENT, "wants string"),
        (request_for({**search_inputs(), "text": b"x"}, "search"), code.INVALID_ARGUMENT, "text: the sig"),
        (request_for({**search_inputs(), "top_k": np.int64(-1)}, "search"), code.INVALID_ARGUMENT, ""),
    ]
    for request, expected, told in cases:
        assert told in refused(lambda asked=request: stub.Predict(asked, SECONDS), expected)
    labelled = request_for(search_inputs(), "search")
    labelled.model_spec.version_label = "stable"
    assert "labels" in refused(lambda: stub.Predict(labelled, SECONDS), code.INVALID_ARGUMENT)
    filtered = request_for(search_inputs(), "search")
    filtered.output_filter.append("guess")
    told = refused(lambda: stub.Predict(filtered, SECONDS), code.INVALID_ARGUMENT)
    assert "alias not found in signature: guess" in told
    broken = request_for(search_inputs(), "search")
    broken.inputs["text"].tensor_shape.dim.add().size = 9
    broken.inputs["text"].ClearField("string_val")
    broken.inputs["text"].tensor_content = b"\x01"
    refused(lambda: stub.Predict(broken, SECONDS), code.INVALID_ARGUMENT)


def test_metadata_names_the_signatures(stub):
    request = get_model_metadata_pb2.GetModelMetadataRequest(metadata_field=["signature_def"])
    request.model_spec.name = "towerline"
    answer = stub.GetModelMetadata(request, SECONDS)
    signatures = get_model_metadata_pb2.SignatureDefMap()
    assert answer.metadata["signature_def"].Unpack(signatures)
    assert {"recommend", "rank", "retrieve", "similar", "search"} <= set(signatures.signature_def)
    search = signatures.signature_def["search"]
    assert set(search.inputs) == {"text", "top_k"} and "score" in search.outputs
    assert answer.model_spec.version.value == 1000
    request.metadata_field[:] = ["weather"]
    told = refused(lambda: stub.GetModelMetadata(request, SECONDS), grpc.StatusCode.INVALID_ARGUMENT)
    assert told == "Metadata field weather is not supported"
    request.metadata_field[:] = []
    refused(lambda: stub.GetModelMetadata(request, SECONDS), grpc.StatusCode.INVALID_ARGUMENT)


def test_the_version_is_available(channel):
    stub = model_service_pb2_grpc.ModelServiceStub(channel)
    request = get_model_status_pb2.GetModelStatusRequest()
    request.model_spec.name = "towerline"
    status = stub.GetModelStatus(request, SECONDS).model_version_status
    assert [(one.version, one.state) for one in status] == [(1000, 30)]  # AVAILABLE
    request.model_spec.name = "other"
    refused(lambda: stub.GetModelStatus(request, SECONDS), grpc.StatusCode.NOT_FOUND)


def test_a_token_is_needed_and_no_model_is_unavailable(make_server, tmp_path):
    server = make_server(directory=tmp_path, load=False, token="s3cret", grpc_port=0)
    calls, port = start_grpc(server.settings, server.holder, server.metrics)
    try:
        with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
            stub = prediction_service_pb2_grpc.PredictionServiceStub(channel)
            request = request_for(search_inputs(), "search")
            refused(lambda: stub.Predict(request, SECONDS), grpc.StatusCode.UNAUTHENTICATED)
            given = [("authorization", "Bearer s3cret")]
            told = refused(
                lambda: stub.Predict(request, SECONDS, metadata=given), grpc.StatusCode.UNAVAILABLE
            )
            assert told == "No model is ready yet"
        assert 'status="16"' in server.metrics.text().decode()
    finally:
        calls.stop(None).wait()


def test_a_taken_port_is_a_mistake(make_server, address):
    server = make_server(grpc_port=int(address.rpartition(":")[2]))
    with pytest.raises(UserError, match="another --grpc-port"):
        start_grpc(server.settings, server.holder, server.metrics)
