"""Starts a Python worker of Beam in this environment, as Beam's `boot` does in an image.

An engine calls it for `--environment_type=PROCESS` with the worker's id and where to ask for the rest. What
`boot` would install, our code among it, is here already.
"""

import argparse
import json
import os
import sys
import tempfile


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--id", required=True)
    parser.add_argument("--provision_endpoint", required=True)
    arguments, _ = parser.parse_known_args()
    info = asked(arguments.provision_endpoint, arguments.id)
    os.environ |= {
        "WORKER_ID": arguments.id,
        "PIPELINE_OPTIONS": json.dumps(info["pipelineOptions"]),
        "SEMI_PERSISTENT_DIRECTORY": tempfile.mkdtemp(prefix="beam-worker-"),
        "RUNNER_CAPABILITIES": " ".join(info.get("runnerCapabilities", [])),
        "LOGGING_API_SERVICE_DESCRIPTOR": address(info["loggingEndpoint"]),
        "CONTROL_API_SERVICE_DESCRIPTOR": address(info["controlEndpoint"]),
    }
    module = "apache_beam.runners.worker.sdk_worker_main"
    os.execv(sys.executable, [sys.executable, "-m", module])


def asked(endpoint: str, worker_id: str) -> dict:
    import grpc
    from apache_beam.portability.api import beam_provision_api_pb2, beam_provision_api_pb2_grpc
    from google.protobuf import json_format

    with grpc.insecure_channel(endpoint) as channel:
        stub = beam_provision_api_pb2_grpc.ProvisionServiceStub(channel)
        request = beam_provision_api_pb2.GetProvisionInfoRequest()
        answer = stub.GetProvisionInfo(request, metadata=[("worker_id", worker_id)], timeout=60)
    return json_format.MessageToDict(answer.info)


def address(endpoint: dict) -> str:
    """As the text of a protocol buffer, which is how a worker reads it."""
    return f'url: "{endpoint["url"]}"'


if __name__ == "__main__":
    main()
