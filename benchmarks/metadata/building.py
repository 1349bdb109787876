"""Fills a store with runs of the pipeline's shape."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from ml_metadata import metadata_store
from ml_metadata.proto import metadata_store_pb2 as pb

NODES: Final = (
    "ImportSchemaGen",
    "ProductExampleGen",
    "StatisticsGen",
    "QueryValidator",
    "CatalogValidator",
    "InteractionValidator",
    "Transform",
    "RetrievalTrainer",
    "CandidateIndexer",
    "PrerankingTrainer",
    "CandidateGenerator",
    "RankingTrainer",
    "RetrievalEvaluator",
    "RankingEvaluator",
    "RecommenderAssembler",
    "BaselineRecommender",
    "RecommenderEvaluator",
    "RetrievalRefit",
    "IndexRefit",
    "RecommenderRefit",
    "ServingValidator",
    "Pusher",
)
_OUTPUTS: Final = {
    "ProductExampleGen": ("examples", "interactions"),
    "RecommenderEvaluator": ("evaluation", "blessing"),
    "Pusher": ("pushed_model",),
}
_TYPES: Final = {
    "examples": "Examples",
    "interactions": "Interactions",
    "evaluation": "RecommenderMetrics",
    "blessing": "ModelBlessing",
    "pushed_model": "PushedModel",
}
_INPUTS: Final = 6
_PARAMETERS: Final = 4  # of 250 characters, as in a real run
_SYSTEMS: Final = (
    "towerline", "popularity", "trending", "own_frequency", "user_knn", "item_knn", "transitions",
    "ease", "als", "bpr",
)  # fmt: skip
_METRICS: Final = ("ndcg@10", "recall@10", "recall@100", "hit_rate@10", "mrr@10", "coverage@10")


@dataclass(frozen=True)
class Size:
    """How large the store is.

    Attributes:
        executions: Executions in all, a multiple of the number of nodes or a few less.
        artifacts: Artifacts in all, spread evenly over the executions.
    """

    executions: int = 10_000
    artifacts: int = 50_000

    @property
    def num_runs(self) -> int:
        """Runs."""
        return -(-self.executions // len(NODES))


def build(root: Path, size: Size, tell: Callable[[str], None]) -> None:
    """Writes `metadata.db` and, for each run, the files that a list of runs is read from.

    Args:
        root: The work directory, which must be new.
        size: How many.
        tell: Takes a line about the progress.
    """
    config = pb.ConnectionConfig()
    config.sqlite.filename_uri = str(root / "metadata.db")
    config.sqlite.connection_mode = pb.SqliteMetadataSourceConfig.READWRITE_OPENCREATE
    builder = _Builder(metadata_store.MetadataStore(config), root, size)
    for number in range(size.num_runs):
        builder.add_run(number)
        if number % 100 == 99:
            tell(f"{number + 1} of {size.num_runs} runs written")


class _Builder:
    """Adds runs of which each node reads what six earlier nodes wrote."""

    def __init__(self, store: Any, root: Path, size: Size) -> None:
        self._store, self._root = store, root
        self._contexts = {kind: self._type("context", kind) for kind in ("pipeline_run", "node")}
        self._nodes = {node: self._context("node", f"towerline.{node}") for node in NODES}
        self._artifact_types: dict[str, int] = {}
        self._execution_types = {node: self._type("execution", f"components.{node}") for node in NODES}
        self._left = [size.executions, size.artifacts]

    def add_run(self, number: int) -> None:
        """One run: its executions, artifacts and events in one call, the contexts of the nodes in another."""
        run = self._context("pipeline_run", f"2026-01-{1 + number % 28:02d}T{number:06d}")
        executions: list[Any] = []
        artifacts: list[Any] = []
        edges: list[tuple[int, int, Any]] = []
        made: list[tuple[str, int]] = []
        for node in NODES[: min(len(NODES), self._left[0])]:
            share = round(self._left[1] / self._left[0])
            self._left = [self._left[0] - 1, self._left[1] - share]
            index = len(executions)
            executions.append(self._execution(node, number))
            edges += [(index, source, _event(key, pb.Event.INPUT)) for key, source in made[-_INPUTS:]]
            for key, artifact in (self._artifact(number, node, rank) for rank in range(share)):
                edges.append((index, len(artifacts), _event(key, pb.Event.OUTPUT)))
                made += [(key, len(artifacts))] if key == _keys(node)[0] else []
                artifacts.append(artifact)
        ids, _, _ = self._store.put_lineage_subgraph(executions, artifacts, [run], edges)
        associations = [
            pb.Association(execution_id=found, context_id=self._nodes[node].id)
            for found, node in zip(ids, NODES, strict=False)
        ]
        self._store.put_attributions_and_associations([], associations)

    def _execution(self, node: str, number: int) -> Any:
        execution = pb.Execution(type_id=self._execution_types[node], last_known_state=pb.Execution.COMPLETE)
        text = json.dumps({f"key_{index}": "x" * 20 for index in range(8)})
        values = {f"parameter_{index}": text for index in range(_PARAMETERS)}
        if node == "ProductExampleGen":
            values |= {
                "source": json.dumps({"url": "sqlite:///shop.db", "tables": {}}),
                "windows": json.dumps({"start": 0, "now": 1_700_000_000 + number, "test_start": 1}),
            }
        for name, value in values.items():
            execution.custom_properties[name].string_value = value
        return execution

    def _artifact(self, run: int, node: str, index: int) -> tuple[str, Any]:
        known = _keys(node)
        key = known[index] if index < len(known) else f"more_{index}"
        name = _TYPES.get(key, f"{node}Output")
        folder = self._root / "artifacts" / node / key / str(run)
        if name not in self._artifact_types:
            self._artifact_types[name] = self._type("artifact", name)
        artifact = pb.Artifact(type_id=self._artifact_types[name], uri=str(folder), state=pb.Artifact.LIVE)
        for number, text in enumerate(("name", "producer", "version", "fingerprint")):
            artifact.custom_properties[text].string_value = f"{node} {key} {run} {number}"
        if key == "pushed_model":
            artifact.custom_properties["pushed"].int_value = 1
            artifact.custom_properties["pushed_version"].string_value = str(run)
        if key == "evaluation":
            folder.mkdir(parents=True)
            (folder / "metrics.json").write_text(_metrics(run), encoding="utf-8")
        return key, artifact

    def _type(self, kind: str, name: str) -> int:
        message = {"context": pb.ContextType, "execution": pb.ExecutionType, "artifact": pb.ArtifactType}[
            kind
        ]
        return int(getattr(self._store, f"put_{kind}_type")(message(name=name)))

    def _context(self, kind: str, name: str) -> Any:
        context = pb.Context(type_id=self._contexts[kind], name=name)
        (context.id,) = self._store.put_contexts([context])
        return context


def _keys(node: str) -> tuple[str, ...]:
    return _OUTPUTS.get(node, ("output",))


def _event(key: str, kind: int) -> Any:
    event = pb.Event(type=kind)
    event.path.steps.add(key=key)
    event.path.steps.add(index=0)
    return event


def _metrics(run: int) -> str:
    """As large as that of a real run: ten systems, and sixty slices of them."""
    value = {"mean": 0.4 + run / 1e5, "low": 0.3, "high": 0.5}
    systems = {system: dict.fromkeys(_METRICS, value) for system in _SYSTEMS}
    slices = {
        f"slice_{index}": {"num_queries": 9, "systems": systems, "differences": {}} for index in range(20)
    }
    return json.dumps(
        {"num_queries": 500, "systems": systems, "slices": slices, "gates": [], "blessed": True}
    )
