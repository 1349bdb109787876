"""Settings of the server, given on the command line or in the section `serve` of the configuration."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from schema.settings import Settings


class MaxAges(Settings):
    """How old the parts of an answer may be, in seconds; without a limit they may be of any age."""

    history: Annotated[float, Field(gt=0)] | None = None
    """Since histories were read: only where the database does not answer are they older than the request."""
    availability: Annotated[float, Field(gt=0)] | None = None
    """Since the product table was read."""
    statistics: Annotated[float, Field(gt=0)] | None = None
    """Since the newest event that the popularity and the neighbours of the pushed version know of."""
    model: Annotated[float, Field(gt=0)] | None = None
    """Since the pushed version was made."""


class ServeSettings(Settings):
    """Of `towerline serve`, beside its options."""

    refresh_seconds: Annotated[float, Field(gt=0)] = 2.0
    """Time within which a change of the product table has come through: what is sold out or gone leaves every
    answer, what has come back or is new is in them."""
    max_ages_s: MaxAges = MaxAges()
    """Beyond them `/readyz` answers 503."""
    kernel: Literal["auto", "off"] = "auto"
    """`auto` lets the kernel answer what it covers, where it is built and the version has its tables; `off`
    leaves all to the session."""


class ServerSettings(ServeSettings):
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
