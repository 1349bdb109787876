"""What ML Metadata holds, as plain records."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Artifact:
    """An artifact that a node wrote.

    Attributes:
        type_name: Name of its type.
        uri: Its folder.
        properties: Properties and custom properties, by name.
        id: Id in ML Metadata.
        is_live: Whether the cache may use it.
        state: `LIVE`, `MARKED_FOR_DELETION`, `DELETED` and so on.
        created: Epoch seconds.
    """

    type_name: str
    uri: str
    properties: Mapping[str, Any] = field(default_factory=dict)
    id: int = 0
    is_live: bool = True
    state: str = "LIVE"
    created: float = 0.0


@dataclass(frozen=True)
class Execution:
    """One execution of a node.

    Attributes:
        id: Id in ML Metadata.
        node: Id of the node.
        state: `COMPLETE`, `CACHED`, `FAILED`, `RUNNING` (also: killed) and so on.
        started: Epoch seconds.
        ended: Epoch seconds of the last change.
        type_name: Name of its type: the component's class.
        properties: The component's parameters.
    """

    id: int
    node: str
    state: str
    started: float
    ended: float
    type_name: str = ""
    properties: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Run:
    """One run of the pipeline.

    Attributes:
        run_id: Its name in ML Metadata.
        executions: In the order they began.
    """

    run_id: str
    executions: tuple[Execution, ...]


@dataclass(frozen=True)
class Link:
    """That an execution read or wrote an artifact.

    Attributes:
        execution_id: The execution.
        artifact_id: The artifact.
        key: Input or output key of the node.
        is_output: Whether the execution wrote it, or took it from the cache as its own.
    """

    execution_id: int
    artifact_id: int
    key: str
    is_output: bool
