"""Runs, executions, artifacts and events of ML Metadata, read in batches and only as far as asked for."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from pipeline.metadata.records import Artifact, Execution, Link, Run
from pipeline.metadata.sql import Row, Tables

ARTIFACT_STATES: Final = (
    "UNKNOWN", "PENDING", "LIVE", "MARKED_FOR_DELETION", "DELETED", "ABANDONED", "REFERENCE",
)  # fmt: skip
EXECUTION_STATES: Final = ("UNKNOWN", "NEW", "RUNNING", "COMPLETE", "FAILED", "CACHED", "CANCELED")
OUTPUTS: Final = frozenset({1, 4})
INPUTS: Final = frozenset({2, 3})
"""Types of events, declared and not; what a node only announced is neither."""

_RUN, _NODE, _CACHE = "pipeline_run", "node", "execution_cache"
_WITH_BOOL = 10  # version of the tables since which properties may be booleans
_EXECUTION = (
    "SELECT id, type_id, last_known_state, name, create_time_since_epoch, last_update_time_since_epoch"
)
_ARTIFACT = "SELECT id, type_id, uri, state, create_time_since_epoch"
_EVENT = (
    "SELECT Event.execution_id, Event.artifact_id, EventPath.step_key, Event.type FROM Event "
    "LEFT JOIN EventPath ON EventPath.event_id = Event.id AND EventPath.step_key IS NOT NULL"
)


class MetadataReader:
    """Reads a store; nothing is written, and nothing is kept but names of types and properties of executions.

    Args:
        location: Path of a SQLite file, or URL of a server without its password.
        pipeline_name: Name of the pipeline, which prefixes the contexts of its nodes.

    Raises:
        UserError: The store cannot be read.
    """

    def __init__(self, location: str, pipeline_name: str) -> None:
        self._tables = Tables(location)
        self._prefix = pipeline_name + "."
        self._types: dict[int, str] = {}
        self._properties: dict[int, dict[str, Any]] = {}

    @property
    def version(self) -> int:
        """Version of the tables; 0 if there are none yet."""
        return self._tables.version

    def run_ids(self) -> dict[int, str]:
        """Context -> id of each run, oldest first."""
        return self._contexts(_RUN)

    def runs(self, contexts: Iterable[int] | None = None) -> list[Run]:
        """Runs with their executions in the order they began; by default all, oldest first."""
        names = self.run_ids()
        if contexts is None:
            executions, run_of = self.executions(None)
        else:
            names = {context: names[context] for context in contexts if context in names}
            query = "SELECT execution_id FROM Association WHERE context_id IN ({})"
            ids = sorted({row[0] for row in self._tables.rows_of(query, list(names))})
            executions, run_of = self.executions(ids)
        members: dict[int, list[Execution]] = defaultdict(list)
        for execution in executions:
            if execution.id in run_of:
                members[run_of[execution.id]].append(execution)
        return [Run(name, tuple(members[context])) for context, name in names.items()]

    def executions(self, ids: Sequence[int] | None) -> tuple[list[Execution], dict[int, int]]:
        """Executions by their ids, or all, in the order of ids; and execution -> context of its run."""
        if self.version == 0:
            return [], {}
        nodes, runs = self._contexts(_NODE), self._contexts(_RUN)
        node_of: dict[int, str] = {}
        run_of: dict[int, int] = {}
        for execution, context in self._rows(
            "SELECT execution_id, context_id FROM Association", "execution_id", ids
        ):
            if context in runs:
                run_of[execution] = context
            elif context in nodes:
                node_of[execution] = nodes[context].removeprefix(self._prefix)
        rows = sorted(self._rows(f"{_EXECUTION} FROM Execution", "id", ids))
        return [self._execution(row, node_of) for row in rows], run_of

    def last_state(self, node: str) -> str:
        """State of the newest execution of a node, empty if there is none."""
        if self.version == 0:
            return ""
        rows = self._tables.rows(
            "SELECT Execution.last_known_state FROM Execution "
            "JOIN Association ON Association.execution_id = Execution.id "
            "JOIN Context ON Context.id = Association.context_id JOIN Type ON Type.id = Context.type_id "
            "WHERE Type.name = ? AND Context.name = ? ORDER BY Execution.id DESC LIMIT 1",
            _NODE,
            self._prefix + node,
        )
        return EXECUTION_STATES[rows[0][0] or 0] if rows else ""

    def links(
        self, executions: Sequence[int] | None = None, artifacts: Sequence[int] | None = None
    ) -> Iterator[Link]:
        """Events of executions, or of artifacts, or all."""
        column = "Event.execution_id" if artifacts is None else "Event.artifact_id"
        ids = executions if artifacts is None else artifacts
        for execution, artifact, key, kind in self._rows(_EVENT, column, ids):
            if kind in OUTPUTS or kind in INPUTS:
                yield Link(execution, artifact, key or "", kind in OUTPUTS)

    def artifacts(self, ids: Sequence[int] | None) -> list[Artifact]:
        """Artifacts by their ids, or all, with their properties."""
        found = self._values("Artifact", ids)
        return [self._artifact(row, found) for row in self._rows(f"{_ARTIFACT} FROM Artifact", "id", ids)]

    def artifact_ids(self, type_name: str | None = None) -> list[int]:
        """Ids of all artifacts, or of those of a type."""
        if self.version == 0:
            return []
        if type_name is None:
            return [row[0] for row in self._tables.rows("SELECT id FROM Artifact ORDER BY id")]
        types = [number for number, name in self._type_names().items() if name == type_name]
        query = "SELECT id FROM Artifact WHERE type_id IN ({})"
        return sorted(row[0] for row in self._tables.rows_of(query, types))

    def cache_key(self, execution: int) -> str:
        """Under which an execution's outputs are cached; empty if they are not."""
        rows = self._tables.rows(
            "SELECT Context.name FROM Association JOIN Context ON Context.id = Association.context_id "
            "JOIN Type ON Type.id = Context.type_id WHERE Association.execution_id = ? AND Type.name = ?",
            execution,
            _CACHE,
        )
        return str(rows[0][0]) if rows else ""

    def load_properties(self, executions: Iterable[int]) -> None:
        """Reads the parameters of many executions at once; otherwise each is read when it is looked at."""
        missing = sorted({number for number in executions if number not in self._properties})
        found = self._values("Execution", missing) if missing else {}
        self._properties.update({number: found.get(number, {}) for number in missing})

    def properties(self, execution: int) -> dict[str, Any]:
        """Parameters of an execution."""
        self.load_properties([execution])
        return self._properties[execution]

    def _contexts(self, kind: str) -> dict[int, str]:
        if self.version == 0:
            return {}
        rows = self._tables.rows(
            "SELECT Context.id, Context.name FROM Context JOIN Type ON Type.id = Context.type_id "
            "WHERE Type.name = ? ORDER BY Context.id",
            kind,
        )
        return dict(rows)

    def _type_names(self) -> dict[int, str]:
        if not self._types:
            self._types = dict(self._tables.rows("SELECT id, name FROM Type"))
        return self._types

    def _type_name(self, number: int) -> str:
        if number not in self._types:  # one that came into being meanwhile
            self._types = {}
        return self._type_names().get(number, "unknown")

    def _rows(self, statement: str, column: str, ids: Sequence[int] | None) -> Iterable[Row]:
        if self.version == 0:
            return ()
        if ids is None:
            return self._tables.rows(statement)
        return self._tables.rows_of(f"{statement} WHERE {column} IN ({{}})", ids)

    def _values(self, owner: str, ids: Sequence[int] | None) -> dict[int, dict[str, Any]]:
        """Id -> properties and custom properties; the latter win."""
        key = f"{owner.lower()}_id"
        kinds = "int_value, double_value, string_value" + (
            ", bool_value" if self.version >= _WITH_BOOL else ""
        )
        rows = self._rows(f"SELECT {key}, is_custom_property, name, {kinds} FROM {owner}Property", key, ids)
        found: dict[int, dict[str, Any]] = defaultdict(dict)
        for number, is_custom, name, *values in rows:
            known = [value for value in values if value is not None]
            if known and (is_custom or name not in found[number]):
                found[number][name] = known[0]
        return found

    def _execution(self, row: Row, node_of: Mapping[int, str]) -> Execution:
        number, kind, state, name, started, ended = row
        return Execution(
            number,
            node_of.get(number, name or ""),
            EXECUTION_STATES[state or 0],
            started / 1000,
            ended / 1000,
            self._type_name(kind),
            _Parameters(self, number),
        )

    def _artifact(self, row: Row, properties: Mapping[int, dict[str, Any]]) -> Artifact:
        number, kind, uri, state, created = row
        name = ARTIFACT_STATES[state or 0]
        values = properties.get(number, {})
        return Artifact(
            self._type_name(kind), uri or "", values, number, name == "LIVE", name, created / 1000
        )


class _Parameters(Mapping[str, Any]):
    """Parameters of an execution that are read when somebody looks."""

    def __init__(self, reader: MetadataReader, execution: int) -> None:
        self._reader, self._execution = reader, execution

    def __getitem__(self, name: str) -> Any:
        return self._reader.properties(self._execution)[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._reader.properties(self._execution))

    def __len__(self) -> int:
        return len(self._reader.properties(self._execution))
