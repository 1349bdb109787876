"""What changed between two runs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from pipeline.inspection import statistics
from pipeline.inspection.data_contents import schema_features, splits, vocabulary_sizes
from pipeline.inspection.examples import read_targets
from pipeline.inspection.files import read_json, unpacked
from pipeline.inspection.graph import Graph
from pipeline.inspection.model_contents import METRICS_FILE
from pipeline.inspection.view import Table, View, cell, facts, interval
from pipeline.metadata.store import Artifact, Run
from schema import names

_STAGES = ("retrieval", "ranking", "post_ranking")
_MAX_ROWS = 20
_NOT_SETTINGS = ("fingerprint", "schema_file")


def diff_view(graph: Graph, before: Run, after: Run) -> View:
    """Configuration, schema, statistics, vocabularies and metrics of two runs."""
    data = {
        "before": before.run_id,
        "after": after.run_id,
        "data_or_code_changed": _fingerprint(graph, before) != _fingerprint(graph, after),
        "config": _config(graph, before, after),
        "schema": _schema(graph, before, after),
        "drift": _drift(graph, before, after),
        "vocabularies": _vocabularies(graph, before, after),
        "metrics": _metrics(graph, before, after),
        "paired": paired_difference(graph, before, after),
        "stages": _stages(graph, before, after),
    }
    return View(data, tuple(_tables(data)))


def _tables(data: dict[str, Any]) -> Iterator[Table]:
    changed = "yes" if data["data_or_code_changed"] else "no"
    yield facts(f"From run {data['before']} to run {data['after']}", {"data or code changed": changed})
    yield _table(
        "Configuration",
        ("key", "before", "after", "nodes"),
        (tuple(cell(row[key]) for key in ("key", "before", "after", "nodes")) for row in data["config"]),
    )
    yield _table(
        "Schema",
        ("feature", "before", "after"),
        (tuple(cell(row[key]) for key in ("feature", "before", "after")) for row in data["schema"]),
    )
    moved = [row for row in data["drift"] if row["drift"]][:_MAX_ROWS]
    yield _table(
        "Drift of the features, largest first",
        ("split", "feature", "drift", "measure"),
        (tuple(cell(row[key]) for key in ("split", "feature", "drift", "measure")) for row in moved),
        (2,),
    )
    sizes = {name: row for name, row in data["vocabularies"].items() if row["before"] != row["after"]}
    yield _table(
        "Vocabularies",
        ("name", "before", "after"),
        ((name, str(row["before"]), str(row["after"])) for name, row in sizes.items()),
        (1, 2),
    )
    yield _table(
        "Metrics of the recommender",
        ("metric", "before", "after", "paired difference"),
        (
            (name, interval(row["before"]), interval(row["after"]), interval(data["paired"].get(name), "+"))
            for name, row in data["metrics"].items()
        ),
    )
    yield _table(
        "Lost in each stage",
        ("stage", "before", "after", "change"),
        (
            (name.replace("_", "-"), interval(row["before"]), interval(row["after"]), cell(row["change"]))
            for name, row in data["stages"].items()
        ),
        (3,),
    )


def _table(
    title: str, head: tuple[str, ...], rows: Iterable[tuple[str, ...]], right: tuple[int, ...] = ()
) -> Table:
    found = tuple(rows)
    return Table(title, head, found, right) if found else Table(f"{title}: no difference")


def _fingerprint(graph: Graph, run: Run) -> Any:
    execution = graph.node(run, "ProductExampleGen")
    return execution.properties.get("fingerprint") if execution else None


def _config(graph: Graph, before: Run, after: Run) -> list[dict[str, Any]]:
    """Parameters of nodes that differ; one row where several nodes share the change."""
    changes: dict[tuple[str, str, str], dict[str, Any]] = {}
    for node in dict.fromkeys(item.node for run in (before, after) for item in run.executions):
        old, new = (dict(_flat(_parameters(graph, run, node))) for run in (before, after))
        if not old or not new:
            continue
        for key in sorted(set(old) | set(new)):
            if old.get(key) != new.get(key):
                same = (key, repr(old.get(key)), repr(new.get(key)))
                row: dict[str, Any] = {"key": key, "before": old.get(key), "after": new.get(key)}
                changes.setdefault(same, {**row, "nodes": []})["nodes"].append(node)
    return list(changes.values())


def _parameters(graph: Graph, run: Run, node: str) -> dict[str, Any]:
    execution = graph.node(run, node)
    if execution is None:
        return {}
    return {key: unpacked(value) for key, value in execution.properties.items() if key not in _NOT_SETTINGS}


def _flat(value: Any, prefix: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _flat(inner, f"{prefix}.{key}" if prefix else str(key))
    else:
        yield prefix, value


def _schema(graph: Graph, before: Run, after: Run) -> list[dict[str, Any]]:
    old, new = (_features(graph.output(run, "ImportSchemaGen", "schema")) for run in (before, after))
    return [
        {"feature": name, "before": old.get(name), "after": new.get(name)}
        for name in sorted(set(old) | set(new))
        if old.get(name) != new.get(name)
    ]


def _features(artifact: Artifact | None) -> dict[str, str]:
    path = Path(artifact.uri, "schema.pbtxt") if artifact else None
    if path is None or not path.is_file():
        return {}
    return {row["feature"]: f"{row['type']}, {row['values']}" for row in schema_features(path)}


def _drift(graph: Graph, before: Run, after: Run) -> list[dict[str, Any]]:
    old, new = (graph.output(run, "StatisticsGen", "statistics") for run in (before, after))
    if old is None or new is None or not (Path(old.uri).is_dir() and Path(new.uri).is_dir()):
        return []
    rows: list[dict[str, Any]] = []
    for split in splits(new, Path(new.uri)):
        paths = [Path(item.uri, f"Split-{split}", statistics.STATISTICS_FILE) for item in (old, new)]
        if not all(path.is_file() for path in paths):
            continue
        first, second = ({row["feature"]: row for row in statistics.split_statistics(path)} for path in paths)
        for name in sorted(set(first) & set(second)):
            measure = "Jensen-Shannon" if first[name]["kind"] == "number" else "L-infinity"
            distance = statistics.drift(first[name], second[name])
            rows.append({"split": split, "feature": name, "drift": distance, "measure": measure})
    return sorted(rows, key=lambda row: -(row["drift"] or 0.0))


def _vocabularies(graph: Graph, before: Run, after: Run) -> dict[str, dict[str, int]]:
    old, new = (
        vocabulary_sizes(Path(item.uri))
        if (item := graph.output(run, "Transform", "transform_graph"))
        else {}
        for run in (before, after)
    )
    return {
        name: {"before": old.get(name, 0), "after": new.get(name, 0)} for name in sorted(set(old) | set(new))
    }


def evaluation_of(graph: Graph, run: Run) -> dict[str, Any]:
    """`metrics.json` of a run's recommender; empty if it has none."""
    artifact = graph.output(run, "RecommenderEvaluator", "evaluation")
    return read_json(Path(artifact.uri, METRICS_FILE)) if artifact else {}


def _metrics(graph: Graph, before: Run, after: Run) -> dict[str, dict[str, Any]]:
    old, new = (evaluation_of(graph, run).get("systems", {}).get("towerline", {}) for run in (before, after))
    return {name: {"before": old.get(name), "after": new.get(name)} for name in {**old, **new}}


def _stages(graph: Graph, before: Run, after: Run) -> dict[str, dict[str, Any]]:
    old, new = (evaluation_of(graph, run).get("stages", {}) for run in (before, after))
    found = {}
    for stage in _STAGES:
        losses = [side.get(stage, {}).get("loss") for side in (old, new)]
        if all(losses):
            change = losses[1]["mean"] - losses[0]["mean"]
            found[stage] = {"before": losses[0], "after": losses[1], "change": change}
    return found


_METRICS = ("ndcg@10", "recall@10", "recall@100", "hit_rate@10")

Lists = dict[str, list[str]]


def paired_difference(graph: Graph, before: Run, after: Run) -> dict[str, dict[str, float]]:
    """Metric -> the later run less the earlier one, with its 95 % interval, over users that both asked.

    Users whose targets are not the same in both runs are left out; empty if nobody is left.
    """
    targets = [_targets(graph, run) for run in (before, after)]
    lists = [_lists(graph, run) for run in (before, after)]
    users = sorted(
        user
        for user, expected in targets[0].items()
        if expected and targets[1].get(user) == expected and user in lists[0] and user in lists[1]
    )
    return _intervals(users, targets[0], lists) if users else {}


def _targets(graph: Graph, run: Run) -> Lists:
    artifact = graph.output(run, "ProductExampleGen", "examples")
    found = read_targets(Path(artifact.uri, f"Split-{names.TEST}")) if artifact else {}
    return {user: sorted(targets) for user, targets in found.items()}


def _lists(graph: Graph, run: Run) -> Lists:
    import pyarrow.parquet as pq

    artifact = graph.output(run, "RecommenderEvaluator", "evaluation")
    path = Path(artifact.uri, "predictions.parquet") if artifact else None
    if path is None or not path.is_file():
        return {}
    table = pq.read_table(path, columns=[names.USER_ID, "rank", names.PRODUCT_ID])
    ordered = table.sort_by([(names.USER_ID, "ascending"), ("rank", "ascending")])
    lists: Lists = {}
    for user, product in zip(
        ordered[names.USER_ID].to_pylist(), ordered[names.PRODUCT_ID].to_pylist(), strict=True
    ):
        lists.setdefault(user, []).append(product)
    return lists


def _intervals(users: list[str], targets: Lists, lists: list[Lists]) -> dict[str, Any]:
    import numpy as np

    from components.evaluation.bootstrap import intervals
    from components.evaluation.lists import NOTHING, CodeLists
    from components.evaluation.metrics import user_scores

    codes = {product: code for code, product in enumerate(sorted(_products(users, targets, lists)))}
    rows = [row for row, user in enumerate(users) for _ in targets[user]]
    products = [codes[product] for user in users for product in targets[user]]
    expected = CodeLists.from_pairs(rows, products, len(users))
    scores = []
    for side in lists:
        width = max(len(side[user]) for user in users)
        ranked = np.full((len(users), width), NOTHING, np.int64)
        for row, user in enumerate(users):
            ranked[row, : len(side[user])] = [codes[product] for product in side[user]]
        scores.append(user_scores(ranked, expected))
    found = intervals({name: scores[1][name] - scores[0][name] for name in _METRICS}, seed=0)
    return {name: {**value.as_dict(), "num_users": len(users)} for name, value in found.items()}


def _products(users: list[str], targets: Lists, lists: list[Lists]) -> set[str]:
    return {product for user in users for side in (targets, *lists) for product in side[user]}
