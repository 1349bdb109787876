"""What ML Metadata knows of the runs; with metadata_connection, all that imports ml_metadata.

Lineage is walked by contexts and events; `filter_query` is gone from newer releases of ml_metadata.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Set
from typing import Any

from ml_metadata import errors, metadata_store
from ml_metadata.proto import metadata_store_pb2 as pb

from pipeline.metadata_connection import open_store, store_exists
from pipeline.metadata_records import Artifact, Execution, Link, Records, Run
from schema.errors import UserError

__all__ = ["Artifact", "Execution", "Link", "Records", "Run", "RunStore"]

_NODE_CONTEXT = "node"
_RUN_CONTEXT = "pipeline_run"
_CACHE_CONTEXT = "execution_cache"
_EXECUTIONS_AT_ONCE = 2000
_UNREADABLE = (errors.StatusError, RuntimeError)  # the second of a file that is no database
_OUTPUTS = frozenset({pb.Event.OUTPUT, pb.Event.DECLARED_OUTPUT})


class RunStore:
    """The ML Metadata store of a work directory.

    Args:
        path: The SQLite file, or the URL of a PostgreSQL database.
        pipeline_name: Name of the pipeline, which prefixes the contexts of its nodes.
    """

    def __init__(self, path: str, pipeline_name: str) -> None:
        self._path = path
        self._prefix = pipeline_name + "."
        self._store = _open(path) if store_exists(path) else None

    def runs(self) -> list[Run]:
        """All runs, oldest first."""
        if self._store is None:
            return []
        contexts = sorted(self._store.get_contexts_by_type(_RUN_CONTEXT), key=lambda context: context.id)
        nodes = self._node_of_executions()
        return [Run(context.name, self._executions(context.id, nodes)) for context in contexts]

    def last_state(self, node: str) -> str:
        """State of the newest execution of a node, empty if there is none."""
        if self._store is None:
            return ""
        context = self._store.get_context_by_type_and_name(_NODE_CONTEXT, self._prefix + node)
        if context is None:
            return ""
        executions = self._store.get_executions_by_context(context.id)
        if not executions:
            return ""
        return _state(max(executions, key=lambda execution: execution.id))

    def outputs(self, execution: Execution) -> dict[str, list[Artifact]]:
        """Output key -> artifacts that an execution wrote, or took from the cache."""
        return self._artifacts(execution, _OUTPUTS)

    def inputs(self, execution: Execution) -> dict[str, list[Artifact]]:
        """Input key -> artifacts that an execution read."""
        return self._artifacts(execution, {pb.Event.INPUT, pb.Event.DECLARED_INPUT})

    def records(self, nodes: Set[str] | None = None) -> Records:
        """Everything in it.

        Args:
            nodes: Read and wrote what: of these nodes only, which spares the time of the others.

        Raises:
            UserError: The file is no store that this release of ml_metadata can read.
        """
        try:
            return self._records(nodes)
        except _UNREADABLE as error:
            raise _unreadable(self._path, error) from error

    def cache_key(self, execution: Execution) -> str:
        """Under which an execution's outputs are cached; empty if they are not."""
        if self._store is None:
            return ""
        contexts = self._store.get_contexts_by_execution(execution.id)
        return next((str(context.name) for context in contexts if context.type == _CACHE_CONTEXT), "")

    def retire(self, artifacts: Iterable[Artifact]) -> None:
        """Marks artifacts so that the cache does not use them again; they stay on record."""
        self._mark(artifacts, pb.Artifact.MARKED_FOR_DELETION)

    def mark_deleted(self, artifacts: Iterable[Artifact]) -> None:
        """Records that the folders of artifacts are gone."""
        self._mark(artifacts, pb.Artifact.DELETED)

    def _mark(self, artifacts: Iterable[Artifact], state: int) -> None:
        ids = [artifact.id for artifact in artifacts]
        if not ids:
            return
        store = open_store(self._path)
        found = store.get_artifacts_by_id(ids)
        for artifact in found:
            artifact.state = state
        store.put_artifacts(found)

    def _records(self, nodes: Set[str] | None) -> Records:
        if self._store is None:
            return Records((), {}, ())
        runs = tuple(self.runs())
        ids = [
            execution.id
            for run in runs
            for execution in run.executions
            if nodes is None or execution.node in nodes
        ]
        links = tuple(
            Link(event.execution_id, event.artifact_id, _key(event), event.type in _OUTPUTS)
            for start in range(0, len(ids), _EXECUTIONS_AT_ONCE)
            for event in self._store.get_events_by_execution_ids(ids[start : start + _EXECUTIONS_AT_ONCE])
        )
        if nodes is None:
            found = self._store.get_artifacts()
        else:
            found = self._store.get_artifacts_by_id(sorted({link.artifact_id for link in links}))
        artifacts = {artifact.id: _artifact(artifact) for artifact in found}
        return Records(runs, artifacts, links)

    def _artifacts(self, execution: Execution, types: Set[int]) -> dict[str, list[Artifact]]:
        if self._store is None:
            return {}
        events = [
            event for event in self._store.get_events_by_execution_ids([execution.id]) if event.type in types
        ]
        found = {
            artifact.id: artifact
            for artifact in self._store.get_artifacts_by_id([event.artifact_id for event in events])
        }
        artifacts: dict[str, list[Artifact]] = defaultdict(list)
        for event in events:
            artifacts[_key(event)].append(_artifact(found[event.artifact_id]))
        return dict(artifacts)

    def _executions(self, context_id: int, nodes: Mapping[int, str]) -> tuple[Execution, ...]:
        if self._store is None:
            return ()
        executions = sorted(self._store.get_executions_by_context(context_id), key=lambda item: item.id)
        return tuple(
            Execution(
                execution.id,
                nodes.get(execution.id, execution.name),
                _state(execution),
                execution.create_time_since_epoch / 1000,
                execution.last_update_time_since_epoch / 1000,
                execution.type,
                {**_values(execution.properties), **_values(execution.custom_properties)},
            )
            for execution in executions
        )

    def _node_of_executions(self) -> dict[int, str]:
        nodes = {}
        if self._store is not None:
            for context in self._store.get_contexts_by_type(_NODE_CONTEXT):
                for execution in self._store.get_executions_by_context(context.id):
                    nodes[execution.id] = context.name.removeprefix(self._prefix)
        return nodes


def _open(location: str) -> metadata_store.MetadataStore:
    try:
        return open_store(location, read_only=True)
    except _UNREADABLE as error:
        raise _unreadable(location, error) from error


def _artifact(artifact: pb.Artifact) -> Artifact:
    properties = {**_values(artifact.properties), **_values(artifact.custom_properties)}
    state = str(pb.Artifact.State.Name(artifact.state))
    created = artifact.create_time_since_epoch / 1000
    return Artifact(artifact.type, artifact.uri, properties, artifact.id, state == "LIVE", state, created)


def _key(event: pb.Event) -> str:
    return str(event.path.steps[0].key) if event.path.steps else ""


def _unreadable(path: str, error: Exception) -> UserError:
    return UserError(
        f"ML Metadata cannot be read. Received: {path} ({str(error).splitlines()[0]:.200}). Remedy: name the "
        "store of a work directory of this release, or restore the file from a copy."
    )


def _state(execution: pb.Execution) -> str:
    return str(pb.Execution.State.Name(execution.last_known_state))


def _values(properties: Mapping[str, Any]) -> dict[str, Any]:
    values = {}
    for name, value in properties.items():
        kind = value.WhichOneof("value")
        if kind in ("int_value", "double_value", "string_value", "bool_value"):
            values[name] = getattr(value, kind)
    return values
