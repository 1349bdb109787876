"""Runs, executions and artifacts as a graph that is held in memory and walked by its events."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

from pipeline.metadata_connection import store_exists
from pipeline.metadata_store import Artifact, Execution, Link, Records, Run, RunStore
from pipeline.plan import PIPELINE_NAME
from schema.errors import UserError


class Graph:
    """The records of a store, indexed both ways.

    Args:
        records: What the store holds.
    """

    def __init__(self, records: Records) -> None:
        self.runs = records.runs
        self.artifacts = records.artifacts
        self.executions = {execution.id: execution for run in records.runs for execution in run.executions}
        self._run_of = {execution.id: run for run in records.runs for execution in run.executions}
        self._by_execution: dict[int, list[Link]] = defaultdict(list)
        self._by_artifact: dict[int, list[Link]] = defaultdict(list)
        for link in sorted(records.links, key=lambda link: (link.execution_id, link.key)):
            self._by_execution[link.execution_id].append(link)
            self._by_artifact[link.artifact_id].append(link)

    def run_of(self, execution: Execution) -> Run:
        """The run that an execution belongs to."""
        return self._run_of[execution.id]

    def outputs(self, execution: Execution) -> dict[str, list[Artifact]]:
        """Output key -> artifacts that an execution wrote, or took from the cache."""
        return self._artifacts(execution, is_output=True)

    def inputs(self, execution: Execution) -> dict[str, list[Artifact]]:
        """Input key -> artifacts that an execution read."""
        return self._artifacts(execution, is_output=False)

    def maker(self, artifact: Artifact) -> Execution | None:
        """The execution that wrote an artifact; later ones took it from the cache."""
        writers = [link for link in self._by_artifact[artifact.id] if link.is_output]
        return self.executions.get(writers[0].execution_id) if writers else None

    def cached_by(self, artifact: Artifact) -> list[Execution]:
        """Executions that took an artifact from the cache as their own."""
        writers = [link for link in self._by_artifact[artifact.id] if link.is_output]
        return [self.executions[link.execution_id] for link in writers[1:]]

    def readers(self, artifact: Artifact) -> list[Execution]:
        """Executions that read an artifact, oldest first."""
        links = [link for link in self._by_artifact[artifact.id] if not link.is_output]
        return [self.executions[link.execution_id] for link in links]

    def of_run(self, run: Run) -> set[int]:
        """Ids of every artifact that the executions of a run read or wrote."""
        return {link.artifact_id for item in run.executions for link in self._by_execution[item.id]}

    def ancestors(self, artifact_ids: Iterable[int]) -> set[int]:
        """The artifacts and all that they were made from."""
        found: set[int] = set()
        waiting = list(artifact_ids)
        while waiting:
            artifact_id = waiting.pop()
            if artifact_id in found:
                continue
            found.add(artifact_id)
            maker = self.maker(self.artifacts[artifact_id]) if artifact_id in self.artifacts else None
            if maker is not None:
                waiting += [link.artifact_id for link in self._by_execution[maker.id] if not link.is_output]
        return found

    def node(self, run: Run, node: str) -> Execution | None:
        """The newest execution of a node in a run."""
        found = [execution for execution in run.executions if execution.node == node]
        return found[-1] if found else None

    def output(self, run: Run, node: str, key: str) -> Artifact | None:
        """An output of a finished node of a run."""
        execution = self.node(run, node)
        if execution is None or execution.state not in ("COMPLETE", "CACHED"):
            return None
        return next(iter(self.outputs(execution).get(key, [])), None)

    def _artifacts(self, execution: Execution, is_output: bool) -> dict[str, list[Artifact]]:
        found: dict[str, list[Artifact]] = defaultdict(list)
        for link in self._by_execution[execution.id]:
            if link.is_output == is_output and link.artifact_id in self.artifacts:
                found[link.key].append(self.artifacts[link.artifact_id])
        return dict(found)


def read_graph(location: str | Path) -> Graph:
    """Reads a store: a SQLite file, or a PostgreSQL database by its URL.

    Raises:
        UserError: There is none, it has no runs, or it cannot be read.
    """
    path = str(location)
    if not store_exists(path):
        raise UserError(
            f"There is no ML Metadata in {path}. Remedy: make a run (`towerline run --source URL`), or name "
            "the work directory of one with --workdir."
        )
    graph = Graph(RunStore(path, PIPELINE_NAME).records())
    if not graph.runs:
        raise UserError(f"ML Metadata in {path} holds no run yet. Remedy: `towerline run --source URL`.")
    return graph
