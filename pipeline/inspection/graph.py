"""Runs, executions and artifacts as a graph that is walked by its events, and read as far as one walks."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from pathlib import Path

from pipeline.inspection.loading import Artifacts, Loaded, Runs
from pipeline.metadata.location import store_exists
from pipeline.metadata.reading import MetadataReader
from pipeline.metadata.store import Artifact, Execution, Link, Run
from pipeline.planning.plan import PIPELINE_NAME
from schema.errors import UserError


class Graph:
    """The records of a store, walked both ways.

    What is asked for is read when it is asked for, and kept; who needs much of it says so beforehand
    (`prepare_…`), so that it comes in a few statements.

    Args:
        reader: The store.
    """

    def __init__(self, reader: MetadataReader) -> None:
        self._loaded = Loaded(reader)
        self.runs = Runs(self._loaded)
        self.artifacts = Artifacts(self._loaded)
        self.version = reader.version
        self.cache_key = reader.cache_key

    def run_id_of(self, execution: Execution) -> str:
        """Id of the run that an execution belongs to."""
        return self.runs.ids[self._loaded.run_of[execution.id]]

    def run_of(self, execution: Execution) -> Run:
        """The run that an execution belongs to."""
        return self.runs.of_context(self._loaded.run_of[execution.id])

    def outputs(self, execution: Execution) -> dict[str, list[Artifact]]:
        """Output key -> artifacts that an execution wrote, or took from the cache."""
        return self._artifacts(execution, is_output=True)

    def inputs(self, execution: Execution) -> dict[str, list[Artifact]]:
        """Input key -> artifacts that an execution read."""
        return self._artifacts(execution, is_output=False)

    def maker(self, artifact: Artifact) -> Execution | None:
        """The execution that wrote an artifact; later ones took it from the cache."""
        return next(iter(self._executions(artifact, is_output=True)), None)

    def cached_by(self, artifact: Artifact) -> list[Execution]:
        """Executions that took an artifact from the cache as their own."""
        return self._executions(artifact, is_output=True)[1:]

    def readers(self, artifact: Artifact) -> list[Execution]:
        """Executions that read an artifact, oldest first."""
        return self._executions(artifact, is_output=False)

    def of_run(self, run: Run) -> set[int]:
        """Ids of every artifact that the executions of a run read or wrote."""
        self.prepare_links(run.executions)
        return {link.artifact_id for item in run.executions for link in self._loaded.by_execution[item.id]}

    def ancestors(self, artifact_ids: Iterable[int], ends: Collection[int] = ()) -> set[int]:
        """The artifacts and all that they were made from; no further than `ends`, if they are met."""
        found: set[int] = set()
        waiting = set(artifact_ids)
        while waiting:
            found |= waiting
            self.prepare_makers(waiting)
            makers = [self._maker_id(number) for number in waiting if number not in ends]
            known = [number for number in makers if number is not None]
            self._loaded.need_links(executions=known)
            links = [link for number in known for link in self._loaded.by_execution[number]]
            waiting = {link.artifact_id for link in links if not link.is_output} - found
        return found

    def descendants(self, artifact_id: int) -> set[int]:
        """All that was made from an artifact."""
        found: set[int] = set()
        waiting = {artifact_id}
        while waiting:
            self._loaded.need_links(artifacts=waiting)
            links = [link for number in waiting for link in self._loaded.by_artifact[number]]
            readers = {link.execution_id for link in links if not link.is_output}
            self._loaded.need_links(executions=readers)
            made = (link for number in readers for link in self._loaded.by_execution[number])
            waiting = {link.artifact_id for link in made if link.is_output} - found - {artifact_id}
            found |= waiting
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

    def prepare_links(self, executions: Iterable[Execution]) -> None:
        """Reads what many executions read and wrote at once."""
        self._loaded.need_links(executions=[execution.id for execution in executions])

    def prepare_outputs(self, executions: Iterable[Execution]) -> None:
        """Reads the artifacts that many executions wrote at once."""
        ids = [execution.id for execution in executions]
        self._loaded.need_links(executions=ids)
        links = (link for number in ids for link in self._loaded.by_execution[number])
        self._loaded.need_artifacts({link.artifact_id for link in links if link.is_output})

    def prepare_makers(self, artifact_ids: Iterable[int]) -> None:
        """Reads many artifacts, and the executions that made them, at once."""
        ids = set(artifact_ids)
        self._loaded.need_artifacts(ids)
        self._loaded.need_links(artifacts=ids)
        makers = (self._maker_id(number) for number in ids)
        self._loaded.need_executions({number for number in makers if number is not None})

    def prepare_parameters(self, executions: Iterable[Execution]) -> None:
        """Reads the parameters of many executions at once."""
        self._loaded.reader.load_properties(execution.id for execution in executions)

    def prepare_all(self) -> None:
        """Reads all that there is."""
        self._loaded.need_everything()

    def _maker_id(self, artifact_id: int) -> int | None:
        links: list[Link] = self._loaded.by_artifact[artifact_id]
        return next((link.execution_id for link in links if link.is_output), None)

    def _executions(self, artifact: Artifact, is_output: bool) -> list[Execution]:
        self._loaded.need_links(artifacts=[artifact.id])
        ids = [
            item.execution_id for item in self._loaded.by_artifact[artifact.id] if item.is_output == is_output
        ]
        self._loaded.need_executions(ids)
        return [self._loaded.executions[number] for number in ids if number in self._loaded.run_of]

    def _artifacts(self, execution: Execution, is_output: bool) -> dict[str, list[Artifact]]:
        self._loaded.need_links(executions=[execution.id])
        links = [link for link in self._loaded.by_execution[execution.id] if link.is_output == is_output]
        self._loaded.need_artifacts({link.artifact_id for link in links})
        found: dict[str, list[Artifact]] = defaultdict(list)
        for link in links:
            if link.artifact_id in self._loaded.artifacts:
                found[link.key].append(self._loaded.artifacts[link.artifact_id])
        return dict(found)


def open_graph(location: str | Path) -> Graph | None:
    """Opens a store: a SQLite file, or a server by its URL; None where there is no store or no run yet.

    Raises:
        UserError: It cannot be read.
    """
    path = str(location)
    if not store_exists(path):
        return None
    graph = Graph(MetadataReader(path, PIPELINE_NAME))
    return graph if len(graph.runs) else None


def read_graph(location: str | Path) -> Graph:
    """Opens a store that has runs.

    Raises:
        UserError: There is none, it has no runs, or it cannot be read.
    """
    graph = open_graph(location)
    if graph is not None:
        return graph
    if store_exists(str(location)):
        raise UserError(f"ML Metadata in {location} holds no run yet. Remedy: `towerline run --source URL`.")
    raise UserError(
        f"There is no ML Metadata in {location}. Remedy: make a run (`towerline run --source URL`), or name "
        "the work directory of one with --workdir."
    )
