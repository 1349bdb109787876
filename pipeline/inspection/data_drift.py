"""`inspect drift`: how far the newest data is from what the champion was trained on."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from pipeline.inspection import statistics
from pipeline.inspection.graph import Graph
from pipeline.inspection.view import Table, View, cell, facts, lines
from pipeline.metadata.store import Artifact, Run
from schema import names
from schema.errors import UserError

DEFAULT_THRESHOLD: Final = 0.3
"""Where the schema has no comparator for a feature."""

_COMPARED: Final = ((names.TEST, names.TRAIN), (names.CATALOG, names.CATALOG))
"""Split of the newest run, and of the champion's: the newest users against those of training; products."""

_NOT_COMPARED: Final = frozenset(
    {
        names.QUERY_KIND,
        names.QUERY_TIME,
        names.TARGET_END,
        names.HISTORY_TIME,
        names.TARGET_WEIGHT,
        names.USER_ID,
        names.PRODUCT_ID,
    }
)
"""Features that say when, why and for whom a row was made: they always differ."""

Comparators = dict[str, tuple[float | None, float | None]]


def drift_view(graph: Graph, run: Run) -> View:
    """The newest span of a run's data against the training data of the champion, largest drift first.

    The champion is the last run before that trained a model and pushed it; if there is none, the run itself.

    Raises:
        UserError: One of the two has no statistics any more.
    """
    champion = champion_of(graph, run) or run
    new, old = (_statistics(graph, side) for side in (run, champion))
    comparators = _comparators(graph.output(champion, "ImportSchemaGen", "schema"))
    rows = [
        row
        for split, against in _COMPARED
        for row in _rows(_features(new, split), _features(old, against), comparators, split, against)
    ]
    rows.sort(key=lambda row: -(row["drift"] or 0.0))
    data = {"run_id": run.run_id, "champion": champion.run_id, "features": rows}
    return View(data, tuple(_tables(data, run is champion)))


def champion_of(graph: Graph, run: Run) -> Run | None:
    """The last run before another that pushed a model; not a refresh, which has no training data."""
    order = {run_id: rank for rank, run_id in enumerate(graph.runs.ids.values())}
    pushed = [item for item in graph.artifacts.of_type("PushedModel") if _is_trained(item)]
    graph.prepare_makers(item.id for item in pushed)
    makers = [maker for item in pushed if (maker := graph.maker(item)) is not None]
    before = [maker for maker in makers if order[graph.run_id_of(maker)] < order[run.run_id]]
    return graph.run_of(before[-1]) if before else None


def _is_trained(pushed: Artifact) -> bool:
    return bool(pushed.properties.get("pushed")) and not pushed.properties.get("refresh_of")


def newest_with_statistics(graph: Graph) -> Run:
    """The newest run that came to its statistics; the newest of all if none did."""
    found = (run for run in reversed(graph.runs) if graph.output(run, "StatisticsGen", "statistics"))
    return next(found, graph.runs[-1])


def _statistics(graph: Graph, run: Run) -> Path:
    artifact = graph.output(run, "StatisticsGen", "statistics")
    folder = Path(artifact.uri) if artifact else None
    if folder is None or not folder.is_dir():
        why = "were removed" if artifact else "were never made: it ended before StatisticsGen"
        raise UserError(
            f"The statistics of run {run.run_id} {why}. Remedy: name another; `towerline runs` lists them."
        )
    return folder


def _features(folder: Path, split: str) -> dict[str, dict[str, Any]]:
    path = folder / f"Split-{split}" / statistics.STATISTICS_FILE
    return {row["feature"]: row for row in statistics.split_statistics(path)} if path.is_file() else {}


def _rows(
    new: dict[str, dict[str, Any]],
    old: dict[str, dict[str, Any]],
    comparators: Comparators,
    split: str,
    against: str,
) -> list[dict[str, Any]]:
    rows = []
    for name in sorted((new.keys() & old.keys()) - _NOT_COMPARED):
        is_number = old[name]["kind"] == "number"
        threshold = comparators.get(name, (None, None))[is_number]
        distance = statistics.drift(old[name], new[name])
        bound = DEFAULT_THRESHOLD if threshold is None else threshold
        rows.append(
            {
                "split": split,
                "against": against,
                "feature": name,
                "measure": "Jensen-Shannon" if is_number else "L-infinity",
                "drift": distance,
                "threshold": bound,
                "threshold_of": "default" if threshold is None else "schema",
                "drifted": distance is not None and distance > bound,
                "moved": None if is_number else _moved(old[name], new[name]),
            }
        )
    return rows


def _moved(old: dict[str, Any], new: dict[str, Any]) -> dict[str, Any] | None:
    """The value whose share changed most."""
    before, after = old.get("shares", {}), new.get("shares", {})
    values = {*before, *after}
    if not values:
        return None
    value = max(sorted(values), key=lambda name: abs(after.get(name, 0.0) - before.get(name, 0.0)))
    return {"value": value, "before": before.get(value, 0.0), "after": after.get(value, 0.0)}


def _comparators(schema: Artifact | None) -> Comparators:
    """Feature -> thresholds for text and for numbers."""
    from google.protobuf import text_format
    from tensorflow_metadata.proto.v0 import schema_pb2

    path = Path(schema.uri, "schema.pbtxt") if schema else None
    if path is None or not path.is_file():
        return {}
    content = text_format.Parse(path.read_text(encoding="utf-8"), schema_pb2.Schema())
    found: Comparators = {}
    for feature in content.feature:
        comparator = feature.drift_comparator
        text = comparator.infinity_norm.threshold if comparator.HasField("infinity_norm") else None
        has_number = comparator.HasField("jensen_shannon_divergence")
        found[feature.name] = (text, comparator.jensen_shannon_divergence.threshold if has_number else None)
    return found


def _tables(data: dict[str, Any], is_own: bool) -> list[Table]:
    head = {
        "newest data": f"run {data['run_id']}: its test window, and its catalogue",
        "against": f"run {data['champion']}: its training rows, and its catalogue",
        "note": "no run before it pushed a model, so it is held to its own training data" if is_own else None,
    }
    drifted = [row["feature"] for row in data["features"] if row["drifted"]]
    verdict = (
        f"Beyond their thresholds: {', '.join(drifted)}" if drifted else "No feature is beyond its threshold."
    )
    rows = tuple(
        (
            row["feature"],
            row["split"],
            cell(row["drift"]),
            f"{row['threshold']:g}" + ("" if row["threshold_of"] == "schema" else " (default)"),
            "DRIFTED" if row["drifted"] else "within",
            row["measure"],
            _words(row["moved"]),
        )
        for row in data["features"]
    )
    columns = ("feature", "split", "drift", "threshold", "verdict", "measure", "moved most")
    return [
        facts("Drift of the newest data", head),
        Table("Features, largest drift first", columns, rows, (2,)),
        lines(verdict, ()),
    ]


def _words(moved: dict[str, Any] | None) -> str:
    if moved is None:
        return ""
    return f"{cell(moved['value'])[:24]} {moved['before']:.1%} → {moved['after']:.1%}"
