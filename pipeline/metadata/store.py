"""The ML Metadata store as the pipeline sees it: what is there already, and what the cache may not use again.

Lineage is walked by contexts and events; `filter_query` is gone from newer releases of ml_metadata.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import Any

from pipeline.metadata.location import is_server, store_exists
from pipeline.metadata.reading import MetadataReader
from pipeline.metadata.records import Artifact, Execution, Link, Run
from pipeline.metadata.sql import KNOWN_VERSION
from schema.errors import UserError

__all__ = ["Artifact", "Execution", "Link", "Run", "RunStore", "check_writable"]


_SECONDS_TO_WAIT = 30


class RunStore:
    """The ML Metadata store of a work directory.

    Args:
        location: Path of a SQLite file, or URL of a server without its password.
        pipeline_name: Name of the pipeline, which prefixes the contexts of its nodes.

    Raises:
        UserError: The store cannot be read.
    """

    def __init__(self, location: str, pipeline_name: str) -> None:
        self._location = location
        self._reader = MetadataReader(location, pipeline_name) if store_exists(location) else None

    def runs(self) -> list[Run]:
        """All runs, oldest first."""
        return self._reader.runs() if self._reader else []

    def last_state(self, node: str) -> str:
        """State of the newest execution of a node, empty if there is none."""
        return self._reader.last_state(node) if self._reader else ""

    def outputs(self, execution: Execution) -> dict[str, list[Artifact]]:
        """Output key -> artifacts that an execution wrote, or took from the cache."""
        return self._artifacts(execution, is_output=True)

    def inputs(self, execution: Execution) -> dict[str, list[Artifact]]:
        """Input key -> artifacts that an execution read."""
        return self._artifacts(execution, is_output=False)

    def retire(self, artifacts: Iterable[Artifact]) -> None:
        """Marks artifacts so that the cache does not use them again; they stay on record."""
        self._mark(artifacts, "MARKED_FOR_DELETION")

    def mark_deleted(self, artifacts: Iterable[Artifact]) -> None:
        """Records that the folders of artifacts are gone."""
        self._mark(artifacts, "DELETED")

    def replace_texts(self, replaced: Callable[[str], str]) -> int:
        """Rewrites texts among the properties of executions and artifacts; returns how many have changed.

        The cache is not affected: it knows executions by contexts.

        Args:
            replaced: Text -> what stands in its place, itself by default.
        """
        if self._reader is None:
            return 0
        from pipeline.metadata.connection import open_store

        store = open_store(self._location)
        executions, artifacts = store.get_executions(), store.get_artifacts()
        changed = {id(item): _rewrite(item, replaced) for item in (*executions, *artifacts)}
        for put, items in ((store.put_executions, executions), (store.put_artifacts, artifacts)):
            if found := [item for item in items if changed[id(item)]]:
                put(found)
        count = sum(changed.values())
        if count and not is_server(self._location):
            _vacuum(self._location)
        return count

    def _mark(self, artifacts: Iterable[Artifact], state: str) -> None:
        ids = [artifact.id for artifact in artifacts]
        if not ids:
            return
        from ml_metadata.proto import metadata_store_pb2 as pb

        from pipeline.metadata.connection import open_store

        store = open_store(self._location)
        found = store.get_artifacts_by_id(ids)
        for artifact in found:
            artifact.state = pb.Artifact.State.Value(state)
        store.put_artifacts(found)

    def _artifacts(self, execution: Execution, is_output: bool) -> dict[str, list[Artifact]]:
        if self._reader is None:
            return {}
        links = [link for link in self._reader.links([execution.id]) if link.is_output == is_output]
        found = {item.id: item for item in self._reader.artifacts([link.artifact_id for link in links])}
        artifacts: dict[str, list[Artifact]] = defaultdict(list)
        for link in links:
            artifacts[link.key].append(found[link.artifact_id])
        return dict(artifacts)


def _vacuum(location: str) -> None:
    """Rewrites a SQLite file, whose free pages still have what was written over."""
    import sqlite3

    connection = sqlite3.connect(location, timeout=_SECONDS_TO_WAIT)
    try:
        connection.execute("VACUUM")
    finally:
        connection.close()


def _rewrite(item: Any, replaced: Callable[[str], str]) -> int:
    count = 0
    for values in (item.properties, item.custom_properties):
        for value in values.values():
            if value.WhichOneof("value") == "string_value":
                text = replaced(value.string_value)
                count += text != value.string_value
                value.string_value = text
    return count


def check_writable(location: str, pipeline_name: str) -> None:
    """Checks that a run may write to a store, before anything is begun.

    Raises:
        UserError: It cannot be read, or its tables are those of another release of ml_metadata.
    """
    if not store_exists(location):
        return
    version = MetadataReader(location, pipeline_name).version
    if version not in (0, KNOWN_VERSION):
        age = "an older" if version < KNOWN_VERSION else "a newer"
        raise UserError(
            f"ML Metadata in {location} was made by {age} release of ml_metadata (tables of version "
            f"{version}, this one writes {KNOWN_VERSION}). Remedy: name another store with `metadata.url`; "
            "what is in this one can still be looked at."
        )
