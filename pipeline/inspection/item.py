"""Why a product was recommended to a user, as far as the evaluation of the pushed model recorded it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pipeline.inspection.graph import Graph
from pipeline.inspection.view import Table, View, facts, when
from pipeline.metadata.store import Artifact
from schema import names

_PREDICTIONS = "predictions.parquet"
_MAX_EVENTS = 5


def item_view(graph: Graph, pushed: Artifact, user: str, product: str) -> View:
    """The rank, score and source of a product in a user's list, and the user's own events with it."""
    predictions, interactions = _evaluated_with(graph, pushed)
    ranked = _rows(predictions, _PREDICTIONS, user) if predictions else []
    found = next((row for row in ranked if row[names.PRODUCT_ID] == product), None)
    events = _rows(interactions, "part-*.parquet", user, product) if interactions else []
    data: dict[str, Any] = {
        "user_id": user,
        "product_id": product,
        "evaluated": found,
        "list_length": len(ranked),
        "events": events,
    }
    tables = [facts(f"Product {product!r} for user {user!r}", {"in the evaluation": _sentence(data)})]
    rows = tuple((when(row[names.OCCURRED_AT]), str(row[names.EVENT_TYPE])) for row in events[-_MAX_EVENTS:])
    title = f"{len(events)} events of the user with the product" + (", the last" if rows else "")
    return View(data, (*tables, Table(title, ("when (UTC)", "type") if rows else (), rows)))


def _evaluated_with(graph: Graph, pushed: Artifact) -> tuple[Artifact | None, Artifact | None]:
    """Evaluation of the pushed model, and the events that it was measured with."""
    maker = graph.maker(pushed)
    blessings = graph.inputs(maker).get("model_blessing", []) if maker else []
    judge = graph.maker(blessings[0]) if blessings else None
    if judge is None:
        return None, None
    evaluation = next(iter(graph.outputs(judge).get("evaluation", [])), None)
    return evaluation, next(iter(graph.inputs(judge).get("interactions", [])), None)


def _rows(artifact: Artifact, pattern: str, user: str, product: str | None = None) -> list[dict[str, Any]]:
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    condition = pc.field(names.USER_ID) == user
    if product is not None:
        condition &= pc.field(names.PRODUCT_ID) == product
    rows: list[dict[str, Any]] = []
    for path in sorted(Path(artifact.uri).glob(pattern)):
        rows += pq.read_table(path, filters=condition).to_pylist()
    return sorted(rows, key=lambda row: row.get("rank", row.get(names.OCCURRED_AT, 0)))


def _sentence(data: dict[str, Any]) -> str:
    found = data["evaluated"]
    if found is not None:
        return f"rank {found['rank']}, score {found['score']:.4f}, source {found['source']}"
    if data["list_length"]:
        return f"not among the {data['list_length']} products of the user's list"
    return "the user is not in the test window; `towerline recommend --user` asks the model itself"
