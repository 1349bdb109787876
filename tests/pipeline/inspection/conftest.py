"""A small ML Metadata store of real executions and artifacts, with the files that they would have."""

from __future__ import annotations

import gzip
import json
import struct
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from ml_metadata.proto import metadata_store_pb2 as pb
from tensorflow_metadata.proto.v0 import anomalies_pb2, statistics_pb2

from pipeline.inspection import examples as reading
from pipeline.inspection.graph import read_graph
from pipeline.metadata.connection import open_store

NODES = (
    "ProductExampleGen",
    "StatisticsGen",
    "QueryValidator",
    "RecommenderAssembler",
    "RecommenderEvaluator",
    "Pusher",
)
FIRST, SECOND, THIRD = (
    "2026-01-01T10:00:00.000001",
    "2026-01-02T10:00:00.000002",
    "2026-01-03T10:00:00.000003",
)


class Writer:
    """Writes what TFX would write."""

    def __init__(self, root: Path, location: str | None = None) -> None:
        self.root = root
        self.store = open_store(location or str(root / "metadata.db"))
        self._types = {
            name: self.store.put_context_type(pb.ContextType(name=name))
            for name in ("pipeline_run", "node", "execution_cache")
        }
        self._nodes: dict[str, int] = {}

    def context(self, kind: str, name: str) -> int:
        known = self.store.get_context_by_type_and_name(kind, name)
        if known is not None:
            return known.id
        (number,) = self.store.put_contexts([pb.Context(type_id=self._types[kind], name=name)])
        return number

    def artifact(self, kind: str, folder: str, **properties) -> int:
        type_id = self.store.put_artifact_type(pb.ArtifactType(name=kind))
        artifact = pb.Artifact(
            type_id=type_id, uri=str(self.root / "artifacts" / folder), state=pb.Artifact.LIVE
        )
        (self.root / "artifacts" / folder).mkdir(parents=True, exist_ok=True)
        for name, value in properties.items():
            _set(artifact.custom_properties[name], value)
        (number,) = self.store.put_artifacts([artifact])
        return number

    def execution(
        self, run: int, node: str, inputs, outputs, state="COMPLETE", cache_key="", **properties
    ) -> int:
        type_id = self.store.put_execution_type(pb.ExecutionType(name=f"components.{node}"))
        execution = pb.Execution(type_id=type_id, last_known_state=pb.Execution.State.Value(state))
        for name, value in properties.items():
            _set(execution.custom_properties[name], value)
        (number,) = self.store.put_executions([execution])
        if node not in self._nodes:
            self._nodes[node] = self.context("node", f"towerline.{node}")
        contexts = [run, self._nodes[node]] + (
            [self.context("execution_cache", cache_key)] if cache_key else []
        )
        self.store.put_attributions_and_associations(
            [], [pb.Association(execution_id=number, context_id=context) for context in contexts]
        )
        for kind, links in ((pb.Event.INPUT, inputs), (pb.Event.OUTPUT, outputs)):
            for key, artifact in links.items():
                event = pb.Event(artifact_id=artifact, execution_id=number, type=kind)
                event.path.steps.add(key=key)
                self.store.put_events([event])
        return number


def _set(value, content) -> None:
    name = {int: "int_value", float: "double_value", str: "string_value"}[type(content)]
    setattr(value, name, content)


@dataclass(frozen=True)
class Store:
    """The store, and the ids of its artifacts by `run.key`."""

    root: Path
    ids: dict[str, int]

    @property
    def path(self) -> Path:
        return self.root / "metadata.db"

    def folder(self, name: str) -> Path:
        return Path(read_graph(self.path).artifacts[self.ids[name]].uri)


def write_examples(folder: Path, rows) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    with gzip.open(folder / "data_tfrecord-00000-of-00001.gz", "wb") as file:
        for row in rows:
            example = reading._example_class()()
            for name, values in row.items():
                feature = example.features.feature[name]
                if isinstance(values[0], str):
                    feature.bytes_list.value.extend(value.encode() for value in values)
                elif isinstance(values[0], int):
                    feature.int64_list.value.extend(values)
                else:
                    feature.float_list.value.extend(values)
            content = example.SerializeToString()
            file.write(struct.pack("<Q", len(content)) + b"\0" * 4 + content + b"\0" * 4)


def write_statistics(folder: Path, ages: tuple[float, float], colours: dict[str, int]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    content = statistics_pb2.DatasetFeatureStatisticsList()
    dataset = content.datasets.add(num_examples=10)
    age = dataset.features.add()
    age.path.step.append("user__age")
    age.num_stats.common_stats.num_non_missing = 8
    age.num_stats.mean = sum(ages) / 2
    histogram = age.num_stats.histograms.add(type=statistics_pb2.Histogram.STANDARD)
    histogram.buckets.add(low_value=ages[0], high_value=ages[1], sample_count=8)
    colour = dataset.features.add(type=statistics_pb2.FeatureNameStatistics.STRING)
    colour.path.step.append("user__colour")
    colour.string_stats.unique = len(colours)
    for name, count in colours.items():
        colour.string_stats.rank_histogram.buckets.add(label=name, sample_count=count)
    (folder / "FeatureStats.pb").write_bytes(content.SerializeToString())


def metrics(ndcg: float, passed: bool = True) -> dict:
    value = {"mean": ndcg, "low": ndcg - 0.1, "high": ndcg + 0.1}
    popular = {"mean": 0.1, "low": 0.05, "high": 0.15}
    lost = {"ndcg@10": value, "loss": {"mean": 1 - ndcg, "low": 0.0, "high": 1.0}}
    systems = {"towerline": {"ndcg@10": value, "recall@10": value, "coverage@10": {"mean": 0.5}}}
    return {
        "window": "test",
        "num_queries": 2,
        "systems": systems | {"popularity": {"ndcg@10": popular, "recall@10": popular}},
        "differences": {"popularity": {"ndcg@10": {"mean": ndcg - 0.1, "low": 0.01, "high": 0.9}}},
        "slices": {"new_users": {"num_queries": 1, "systems": systems, "differences": {}}},
        "stages": {"num_queries": 2, "retrieval": lost, "ranking": lost, "post_ranking": lost},
        "gates": [
            {
                "name": "min_ndcg",
                "passed": passed,
                "measured": ndcg,
                "threshold": 0.4,
                "detail": f"NDCG {ndcg}.",
            }
        ],
        "blessed": passed,
        "champion": {"version": None, "skipped": None},
    }


def _write_data(writer: Writer, run: str, number: int, ages: tuple[float, float]) -> dict[str, int]:
    examples = writer.artifact(
        "Examples",
        f"ProductExampleGen/examples/{number}",
        num_test=2,
        num_train=1,
        split_names='["train", "test"]',
    )
    folder = writer.root / "artifacts" / f"ProductExampleGen/examples/{number}"
    row = {"user_id": ["007"], "target_product_id": ["p1", "p2"], "user__age": [30.5], "query_time": [7]}
    write_examples(folder / "Split-train", [row])
    write_examples(folder / "Split-test", [row, row | {"user_id": ["u<2>"], "target_product_id": ["p3"]}])
    interactions = writer.artifact("Interactions", f"ProductExampleGen/interactions/{number}", num_events=4)
    table = pa.table(
        {
            "user_id": ["007", "007", "007", "u<2>"],
            "product_id": ["p1", "p1", "p2", "p3"],
            "occurred_at": [100, 200, 300, 400],
            "event_type": ["purchase"] * 4,
        }
    )
    pq.write_table(
        table, writer.root / "artifacts" / f"ProductExampleGen/interactions/{number}/part-00000.parquet"
    )
    statistics = writer.artifact(
        "ExampleStatistics", f"StatisticsGen/statistics/{number + 1}", split_names='["train", "test"]'
    )
    target = writer.root / "artifacts" / f"StatisticsGen/statistics/{number + 1}"
    for split in ("train", "test"):
        write_statistics(target / f"Split-{split}", ages, {"red": 5, "blue": 5})
    found = {"examples": examples, "interactions": interactions, "statistics": statistics}
    return {f"{run}.{name}": artifact for name, artifact in found.items()}


def _write_models(writer: Writer, run: str, number: int, ndcg: float, passed: bool) -> dict[str, int]:
    root = writer.root / "artifacts"
    anomalies = writer.artifact("ExampleAnomalies", f"QueryValidator/anomalies/{number}")
    content = anomalies_pb2.Anomalies()
    content.anomaly_info["user__age"].description = "Values are out of the range."
    (root / f"QueryValidator/anomalies/{number}/Split-test").mkdir()
    (root / f"QueryValidator/anomalies/{number}/Split-test/SchemaDiff.pb").write_bytes(
        content.SerializeToString()
    )
    model = writer.artifact("Model", f"RecommenderAssembler/model/{number}")
    extra = root / f"RecommenderAssembler/model/{number}/Format-Serving/assets.extra"
    extra.mkdir(parents=True)
    epochs = [{"epoch": 1, "loss": 2.5, "metric": ndcg, "seconds": 1.0}]
    (extra / "training.json").write_text(json.dumps({"metric": "ndcg@10", "epochs": epochs}))
    evaluation = writer.artifact("RecommenderMetrics", f"RecommenderEvaluator/evaluation/{number}")
    (root / f"RecommenderEvaluator/evaluation/{number}/metrics.json").write_text(
        json.dumps(metrics(ndcg, passed))
    )
    listed = ["p1", "p9", "p3"] if passed else ["p9", "p1", "p9"]
    table = pa.table(
        {
            "user_id": ["007", "007", "u<2>"],
            "rank": [1, 2, 1],
            "product_id": listed,
            "score": [0.5, 0.25, 0.125],
            "source": ["own_history", "popular", "ease"],
        }
    )
    pq.write_table(table, root / f"RecommenderEvaluator/evaluation/{number}/predictions.parquet")
    message = "Every gate passed." if passed else "NDCG is below."
    blessing = writer.artifact(
        "ModelBlessing",
        f"RecommenderEvaluator/blessing/{number}",
        blessed=int(passed),
        blessing_message=message,
    )
    destination = writer.root / "serving" / str(number)
    version = {"pushed_version": str(number), "pushed_destination": str(destination)} if passed else {}
    pushed = writer.artifact("PushedModel", f"Pusher/pushed_model/{number}", pushed=int(passed), **version)
    if passed:
        destination.mkdir(parents=True)
    found = {
        "anomalies": anomalies,
        "model": model,
        "evaluation": evaluation,
        "blessing": blessing,
        "pushed": pushed,
    }
    return {f"{run}.{name}": artifact for name, artifact in found.items()}


def _write_run(
    writer: Writer, name: str, ids: dict[str, int], data: str, models: str | None, **gates
) -> None:
    run = writer.context("pipeline_run", name)
    read = {key: ids[f"{data}.{key}"] for key in ("examples", "interactions")}
    state = "CACHED" if models and data != models else "COMPLETE"
    source = json.dumps({"url": "sqlite:///shop.db", "tables": {}})
    windows = json.dumps({"start": 100, "now": 500, "test_start": 400})
    writer.execution(
        run, "ProductExampleGen", {}, read, state, "key-1", source=source, windows=windows, fingerprint=data
    )
    statistics = {"statistics": ids[f"{data}.statistics"]}
    if models is None:
        writer.execution(run, "StatisticsGen", {"examples": read["examples"]}, {}, "RUNNING")
        return
    made = {key: ids[f"{models}.{key}"] for key in ("anomalies", "model", "evaluation", "blessing", "pushed")}
    writer.execution(run, "StatisticsGen", {"examples": read["examples"]}, statistics, state)
    writer.execution(run, "QueryValidator", statistics, {"anomalies": made["anomalies"]})
    writer.execution(run, "RecommenderAssembler", {"examples": read["examples"]}, {"model": made["model"]})
    writer.execution(
        run,
        "RecommenderEvaluator",
        {"model": made["model"], **read},
        {"evaluation": made["evaluation"], "blessing": made["blessing"]},
        gates=json.dumps(gates),
    )
    writer.execution(
        run,
        "Pusher",
        {"model": made["model"], "model_blessing": made["blessing"]},
        {"pushed_model": made["pushed"]},
    )


def write_store(root: Path, location: str | None = None) -> Store:
    """Three runs: pushed; refused, with data from the cache; killed after reading other data."""
    writer = Writer(root, location)
    ids = _write_data(writer, "first", 1, (20.0, 40.0)) | _write_models(writer, "first", 11, 0.5, passed=True)
    _write_run(writer, FIRST, ids, "first", "first", min_ndcg=0.4)
    ids |= _write_models(writer, "second", 21, 0.25, passed=False)
    _write_run(writer, SECOND, ids, "first", "second", min_ndcg=0.45)
    ids |= _write_data(writer, "third", 31, (30.0, 60.0))
    _write_run(writer, THIRD, ids, "third", None)
    return Store(root, ids)


@pytest.fixture(scope="session")
def shared_store(tmp_path_factory) -> Store:
    """Read-only, please."""
    return write_store(tmp_path_factory.mktemp("store"))


@pytest.fixture
def own_store(tmp_path) -> Store:
    """One to change."""
    return write_store(tmp_path)


@pytest.fixture
def statistics_to():
    """`statistics_to(folder, (youngest, oldest), {colour: count})` writes statistics of a split."""
    return write_statistics


@pytest.fixture
def write_to():
    """`write_to(root, location)` writes the runs to another store; `write_to.writer(root)` adds to one."""

    def write(root: Path, location: str | None = None) -> Store:
        return write_store(root, location)

    write.writer = Writer
    return write


@pytest.fixture(scope="session")
def graph(shared_store):
    return read_graph(shared_store.path)


@pytest.fixture(scope="session")
def run_ids():
    return FIRST, SECOND, THIRD
