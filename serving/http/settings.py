"""Settings of the server, given on the command line."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from schema.settings import Settings


class ServerSettings(Settings):
    """Limits of the server."""

    host: str = "127.0.0.1"
    """Address to bind; the loopback address by default."""
    port: Annotated[int, Field(ge=0, le=65535)] = 8500
    """Port to bind; 0 takes a free one."""
    grpc_port: Annotated[int, Field(ge=0, le=65535)] | None = None
    """Port of TF Serving's gRPC services; 0 takes a free one, None leaves them out."""
    grpc_model: str = "towerline"
    """Name by which gRPC requests call the model."""
    cors_origins: tuple[str, ...] = ()
    """Origins whose pages may ask, such as https://shop.example; `*` for any."""
    root_path: str = ""
    """Path below which a proxy shows the server, such as /recommendations."""
    receive_seconds: Annotated[float, Field(gt=0)] = 20.0
    """Time within which a request must be there whole."""
    token: str | None = None
    """Bearer token that every request but health checks must carry."""
    most_top_k: Annotated[int, Field(ge=1)] = 200
    """Longest list that a request may ask for."""
    most_body_bytes: Annotated[int, Field(ge=1)] = 1_000_000
    """Largest body of a request."""
    num_workers: Annotated[int, Field(ge=1)] = 2
    """Threads that ask the model and the database."""
    most_waiting: Annotated[int, Field(ge=1)] = 64
    """Requests that wait for a worker; beyond them the answer is 429."""
    budget_ms: Annotated[float, Field(gt=0)] = 1000.0
    """Time after which a recommendation is answered by popular products instead."""
    poll_seconds: Annotated[float, Field(gt=0)] = 2.0
    """How often the push directory is looked at for a newer version."""
    clock_seconds: Annotated[float, Field(gt=0)] = 30.0
    """How often the database is asked for its newest event, after which the moment of a question lies."""
