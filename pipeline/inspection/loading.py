"""What of a store has been read, and what is still to be."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import overload

from pipeline.metadata.reading import MetadataReader
from pipeline.metadata.records import Artifact, Execution, Link, Run


class Loaded:
    """Records by their ids; each `need_…` reads what is missing in as few statements as can be.

    Args:
        reader: The store.

    Attributes:
        executions: By id.
        run_of: Execution -> context of its run.
        artifacts: By id.
        by_execution: Execution -> what it read and wrote.
        by_artifact: Artifact -> who read and wrote it, the oldest first.
    """

    def __init__(self, reader: MetadataReader) -> None:
        self.reader = reader
        self.executions: dict[int, Execution] = {}
        self.run_of: dict[int, int] = {}
        self.artifacts: dict[int, Artifact] = {}
        self.by_execution: dict[int, list[Link]] = {}
        self.by_artifact: dict[int, list[Link]] = {}

    def need_executions(self, ids: Iterable[int]) -> None:
        """Reads executions."""
        missing = sorted({number for number in ids if number not in self.executions})
        if missing:
            found, runs = self.reader.executions(missing)
            self.executions.update({execution.id: execution for execution in found})
            self.run_of.update(runs)

    def need_artifacts(self, ids: Iterable[int]) -> None:
        """Reads artifacts with their properties."""
        missing = sorted({number for number in ids if number not in self.artifacts})
        if missing:
            self.artifacts.update({artifact.id: artifact for artifact in self.reader.artifacts(missing)})

    def need_links(self, executions: Iterable[int] = (), artifacts: Iterable[int] = ()) -> None:
        """Reads the events of executions and of artifacts."""
        missing = sorted({number for number in executions if number not in self.by_execution})
        if missing:
            self.by_execution.update(_grouped(self.reader.links(executions=missing), missing, "execution_id"))
        missing = sorted({number for number in artifacts if number not in self.by_artifact})
        if missing:
            self.by_artifact.update(_grouped(self.reader.links(artifacts=missing), missing, "artifact_id"))

    def need_everything(self) -> None:
        """Reads all artifacts, executions and events."""
        self.artifacts.update({artifact.id: artifact for artifact in self.reader.artifacts(None)})
        found, runs = self.reader.executions(None)
        self.executions.update({item.id: self.executions.get(item.id, item) for item in found})
        self.run_of.update(runs)
        links = list(self.reader.links())
        self.by_execution = _grouped(links, self.executions, "execution_id")
        self.by_artifact = _grouped(links, self.artifacts, "artifact_id")


class Runs(Sequence[Run]):
    """The runs, oldest first; their ids are known at once, their executions when they are looked at.

    Args:
        loaded: What has been read.

    Attributes:
        ids: Context -> id, oldest first.
    """

    def __init__(self, loaded: Loaded) -> None:
        self._loaded = loaded
        self.ids = loaded.reader.run_ids()
        self._contexts = list(self.ids)
        self._known: dict[int, Run] = {}

    @overload
    def __getitem__(self, index: int) -> Run: ...
    @overload
    def __getitem__(self, index: slice) -> list[Run]: ...
    def __getitem__(self, index: int | slice) -> Run | list[Run]:
        if isinstance(index, slice):
            return self._of_contexts(self._contexts[index])
        return self._of_contexts([self._contexts[index]])[0]

    def __len__(self) -> int:
        return len(self._contexts)

    def __iter__(self) -> Iterator[Run]:
        return iter(self._of_contexts(self._contexts))

    def of_context(self, context: int) -> Run:
        """The run of a context."""
        return self._of_contexts([context])[0]

    def named(self, run_id: str) -> Run:
        """The run of an id, which must be one."""
        return self.of_context(next(context for context, name in self.ids.items() if name == run_id))

    def is_newest(self, run: Run) -> bool:
        """Whether none began after it."""
        return run.run_id == self.ids[self._contexts[-1]]

    def _of_contexts(self, contexts: list[int]) -> list[Run]:
        missing = [context for context in contexts if context not in self._known]
        if missing:
            everything = len(missing) == len(self._contexts)
            found = self._loaded.reader.runs(None if everything else missing)
            for context, run in zip(missing, found, strict=True):
                self._known[context] = run
                for execution in run.executions:
                    self._loaded.executions[execution.id] = execution
                    self._loaded.run_of[execution.id] = context
        return [self._known[context] for context in contexts]


class Artifacts(Mapping[int, Artifact]):
    """The artifacts by id, each read when it is looked at.

    Args:
        loaded: What has been read.
    """

    def __init__(self, loaded: Loaded) -> None:
        self._loaded = loaded
        self._ids: list[int] | None = None

    def __getitem__(self, number: int) -> Artifact:
        self._loaded.need_artifacts([number])
        return self._loaded.artifacts[number]

    def __iter__(self) -> Iterator[int]:
        if self._ids is None:
            self._ids = self._loaded.reader.artifact_ids()
        return iter(self._ids)

    def __len__(self) -> int:
        return len(list(iter(self)))

    def of_type(self, name: str) -> list[Artifact]:
        """All artifacts of a type, in the order of their ids."""
        ids = self._loaded.reader.artifact_ids(name)
        self._loaded.need_artifacts(ids)
        return [self._loaded.artifacts[number] for number in ids]


def _grouped(links: Iterable[Link], ids: Iterable[int], by: str) -> dict[int, list[Link]]:
    groups: dict[int, list[Link]] = defaultdict(list, {number: [] for number in ids})
    for link in sorted(links, key=lambda link: (link.execution_id, link.key, link.artifact_id)):
        groups[getattr(link, by)].append(link)
    return dict(groups)
