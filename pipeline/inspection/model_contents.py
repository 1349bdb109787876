"""Content of the artifacts that hold models, or say how good they are."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pipeline.inspection.files import read_json
from pipeline.inspection.view import Table, View, cell, facts, interval, lines
from pipeline.metadata.store import Artifact
from schema.served.blessing import verdict

METRICS_FILE = "metrics.json"
_METRICS = ("ndcg@10", "recall@10", "recall@100", "hit_rate@10", "coverage@10")
_OURS = "towerline"
_START = ("began_from", "reason", "num_epochs", "metric", "expected", "new_products", "products")


def metrics(artifact: Artifact, folder: Path) -> View:
    """Of the composed recommender, or of its candidates."""
    del artifact
    content = read_json(folder / METRICS_FILE)
    if "systems" in content:
        return View(content, tuple(recommender_tables(content)))
    tables = []
    for key in ("recall", "share_of_targets"):
        found = content.get(key, {})
        columns = tuple(dict.fromkeys(name for values in found.values() for name in values))
        rows = tuple(
            (source, *(cell(values.get(name)) for name in columns)) for source, values in found.items()
        )
        right = tuple(range(1, len(columns) + 1))
        tables.append(Table(key.replace("_", " "), ("source", *columns), rows, right))
    return View(content, tuple(tables))


def recommender_tables(content: dict[str, Any]) -> list[Table]:
    """Systems, slices, stages and gates of a `metrics.json`."""
    systems = content["systems"]
    rows = tuple((name, *(interval(values.get(key)) for key in _METRICS)) for name, values in systems.items())
    tables = [
        Table(
            f"Test window, {content.get('num_queries')} users (95 % intervals)", ("system", *_METRICS), rows
        )
    ]
    slices = tuple(
        (
            name,
            str(part["num_queries"]),
            *(interval(part["systems"].get(_OURS, {}).get(key)) for key in _METRICS[:3]),
        )
        for name, part in content.get("slices", {}).items()
    )
    tables.append(Table("Slices, the recommender", ("slice", "users", *_METRICS[:3]), slices, (1,)))
    stages = tuple(
        (stage.replace("_", "-"), interval(part.get("ndcg@10")), interval(part.get("loss")))
        for stage, part in content.get("stages", {}).items()
        if isinstance(part, dict)
    )
    tables.append(Table("Stages", ("stage", "NDCG@10 after it", "lost in it"), stages))
    tables.append(lines("Gates", gate_lines(content.get("gates", []))))
    return tables


def gate_lines(gates: list[dict[str, Any]]) -> list[str]:
    """One line for each gate."""
    verdicts = {True: "passed", False: "FAILED"}
    return [f"  {verdicts[bool(gate['passed'])]} gates.{gate['name']}: {gate['detail']}" for gate in gates]


def blessing(artifact: Artifact, folder: Path) -> View:
    """Whether, and why."""
    verdict = is_blessed(artifact, folder)
    validation = read_json(folder / "validation.json")
    message = artifact.properties.get("blessing_message")
    data = {"blessed": verdict, "message": message, "validation": validation}
    shown = {
        "blessed": verdict,
        "reason": message,
        "latency": {name: round(value, 1) for name, value in validation.get("latency_ms", {}).items()},
        "requests": validation.get("num_requests"),
    }
    return View(data, (facts("Decision", {name: _plain(value) for name, value in shown.items()}),))


def _plain(value: object) -> object:
    if isinstance(value, dict):
        return ", ".join(f"{key} {cell(inner)}" for key, inner in value.items())
    return None if value is None else cell(value)


def is_blessed(artifact: Artifact, folder: Path) -> bool:
    """By the property, or by the file that TFX writes."""
    return bool(verdict(artifact.properties, folder))


def index(artifact: Artifact, folder: Path) -> View:
    """The metrics that a component wrote beside its arrays."""
    names = {"CandidateIndex": "index.json", "Preranker": "training.json", "BaselineLists": "baselines.json"}
    content = read_json(folder / names[artifact.type_name])
    return View(content, (facts("Figures", {name: _plain(value) for name, value in content.items()}),))


def model(artifact: Artifact, folder: Path) -> View:
    """How it was trained, how good its heads are, and what a client needs to know of it."""
    found = {path.stem: read_json(path) for path in sorted(folder.rglob("assets.extra/*.json"))}
    tables = []
    epochs = found.get("training", {}).get("epochs", [])
    if epochs:
        metric = found["training"].get("metric", "metric")
        rows = tuple(
            (str(item["epoch"]), *(cell(item.get(key)) for key in ("loss", "metric", "seconds")))
            for item in epochs
        )
        tables.append(Table("Training", ("epoch", "loss", metric, "seconds"), rows, (0, 1, 2, 3)))
    if found.get("start", {}).get("asked"):
        tables.append(facts("Warm start", {key: found["start"].get(key) for key in _START}))
    if "heads" in found:
        tables.append(facts("Heads", {name: _plain(value) for name, value in found["heads"].items()}))
    if "towerline" in found:
        served = found["towerline"]
        keys = ("refit", "num_products", "history_length", "exclude_purchased", "popularity_discount")
        tables.append(facts("Served", {key: cell(served.get(key)) for key in keys}))
    destination = artifact.properties.get("pushed_destination")
    if destination:
        is_there = Path(str(destination)).is_dir()
        tables.append(
            facts(
                "Pushed",
                {
                    "version": artifact.properties.get("pushed_version"),
                    "to": destination,
                    "still there": is_there,
                },
            )
        )
    return View({"assets": found, "pushed_to": destination}, tuple(tables))
