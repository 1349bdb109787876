"""Sections about the run itself: its nodes, its data, its anomalies, its lineage, how it was started."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from pathlib import Path
from typing import Any

from pipeline.inspection.drawing import layered_svg
from pipeline.inspection.graph import Graph
from pipeline.inspection.view import when
from pipeline.metadata.store import Run
from pipeline.reporting import charts, markup
from schema import names


def nodes_section(graph: Graph, run: Run, rows: list[dict[str, Any]]) -> str:
    """The DAG as a picture, and below it each node with its artifacts."""
    keys = {row["id"]: row["node"] for row in rows}
    boxes = {row["id"]: (row["node"], f"{row['state']}, {row['seconds']:.1f} s") for row in rows}
    makers = {item["id"]: row["id"] for row in rows for item in row["outputs"]}
    edges = sorted(
        {
            (makers[item["id"]], row["id"])
            for row in rows
            for item in row["inputs"]
            if makers.get(item["id"], row["id"]) != row["id"]
        }
    )
    states = {row["id"]: f"node {row['state']}" for row in rows}
    links = {key: f"#node-{node}" for key, node in keys.items()}
    picture = layered_svg(boxes, edges, states, f"Nodes of run {run.run_id}", links, downwards=True)
    details = "".join(_node(graph, row) for row in rows)
    scrolled = f'<div class="wide" tabindex="0" role="group" aria-label="Nodes">{picture}</div>'
    return markup.section("nodes", "Nodes", scrolled, details)


def _node(graph: Graph, row: dict[str, Any]) -> str:
    del graph
    entries = [
        (side, item["key"], str(item["id"]), item["type"], item["uri"])
        for side in ("inputs", "outputs")
        for item in row[side]
    ]
    summary = f"{row['node']}: {row['state']}, {row['seconds']:.1f} s"
    content = markup.grid(
        ("side", "key", "id", "type", "folder"), entries, (2,), f"Artifacts of {row['node']}"
    )
    return markup.folded(summary, content, anchor=f"node-{row['node']}")


def data_section(graph: Graph, run: Run, data: dict[str, Any]) -> str:
    """Where the data came from, how much there was, and how skewed it is."""
    values = {
        "Source": data.get("source"),
        "Events from – to (UTC)": data.get("span"),
        "Test window from": data.get("test_window_from"),
    }
    rows = data.get("rows", {})
    values |= {f"Rows of split {split}": f"{count:,}" for split, count in rows.items()}
    interactions = graph.output(run, "ProductExampleGen", "interactions")
    shop = read_shop(Path(interactions.uri), rows.get(names.CATALOG)) if interactions else None
    parts = []
    if shop is not None:
        values |= {
            "Events": f"{shop.num_events:,}",
            "Users with events": f"{shop.num_users:,}",
            "Products bought": f"{shop.num_products:,}"
            + (f" of {shop.num_catalog:,}" if shop.num_catalog else ""),
            "Sparsity": f"{shop.sparsity:.2%} of the pairs of user and product have no event",
        }
        half = 1 - shop.lorenz[len(shop.lorenz) // 2]
        title = f"The better selling half of the products has {half:.0%} of the events (Gini {shop.gini:.2f})"
        parts.append(charts.lorenz(shop.lorenz, title))
    elif interactions:
        parts.append(markup.paragraph("The events themselves are no longer there.", "quiet"))
    parts += _findings(graph.output(run, "InteractionValidator", "report"))
    return markup.section("data", "Data", markup.definitions(values), *parts)


def _findings(report: Any) -> list[str]:
    """What was noticed when the database was read, and what was done about it."""
    path = Path(report.uri, "report.json") if report else None
    if path is None or not path.is_file():
        return []
    found = json.loads(path.read_text(encoding="utf-8")).get("findings", [])
    columns = ("severity", "kind", "table", "column", "count", "example", "action", "remedy")
    rows = [tuple(str(finding.get(name, "")) for name in columns) for finding in found]
    head = ("", "what", "table", "column", "count", "such as", "what is done", "remedy")
    return [markup.grid(head, rows, (4,), "Findings of the data")] if rows else []


def anomalies_section(anomalies: list[str]) -> str:
    """In words."""
    content = markup.items(anomalies) if anomalies else markup.paragraph("None.")
    return markup.section("anomalies", "Anomalies", content)


def origin_section(record: dict[str, Any], run: Run) -> str:
    """The exact command, the configuration and the packages."""
    if not record:
        text = "How this run was started was not recorded: it ended before its report could be written."
        return markup.section("origin", "Command and configuration", markup.paragraph(text, "quiet"))
    started = min((execution.started for execution in run.executions), default=None)
    settings = [(key, str(value)) for key, value in sorted(record.get("config", {}).items())]
    packages = [(name, version) for name, version in sorted(record.get("packages", {}).items())]
    return markup.section(
        "origin",
        "Command and configuration",
        markup.plain(str(record.get("command", "")), "The command"),
        markup.definitions(
            {"Started (UTC)": when(started), "Code": record.get("code"), "Host": record.get("host")}
        ),
        markup.folded(f"Configuration, {len(settings)} keys", markup.grid(("key", "value"), settings)),
        markup.folded(f"Packages, {len(packages)}", markup.grid(("name", "version"), packages)),
    )


_POINTS = 100


@dataclass(frozen=True)
class Shop:
    """Counts of the events.

    Attributes:
        num_events: Events.
        num_users: Users with an event.
        num_products: Products with an event.
        num_catalog: Products of the catalogue; None if unknown.
        num_pairs: Distinct pairs of user and product.
        lorenz: Share of the events of the least bought products, at even steps from none to all products.
        gini: 0 if all products are bought alike, 1 if one has all events.
    """

    num_events: int
    num_users: int
    num_products: int
    num_catalog: int | None
    num_pairs: int
    lorenz: tuple[float, ...]
    gini: float

    @property
    def sparsity(self) -> float:
        """Share of the pairs of user and product without an event."""
        pairs = self.num_users * max(self.num_products, self.num_catalog or 0)
        return 1 - self.num_pairs / pairs if pairs else 1.0


def read_shop(interactions: Path, num_catalog: int | None) -> Shop | None:
    """Counts the events of an Interactions artifact; None if its folder is gone or empty."""
    import pyarrow.compute as pc

    from components.interactions.files import part_files, read_interactions

    if not part_files(interactions):
        return None
    columns = [names.USER_ID, names.PRODUCT_ID]
    table = read_interactions(interactions, columns)
    if not len(table):
        return None
    pairs = table.group_by(columns).aggregate([([], "count_all")])
    counts = sorted(table.group_by(names.PRODUCT_ID).aggregate([([], "count_all")])["count_all"].to_pylist())
    unsold = max(0, (num_catalog or 0) - len(counts))
    shares, gini = inequality([0] * unsold + counts)
    users = pc.count_distinct(table[names.USER_ID]).as_py()
    return Shop(len(table), users, len(counts), num_catalog, len(pairs), shares, gini)


def inequality(counts: Sequence[int]) -> tuple[tuple[float, ...], float]:
    """Lorenz curve and Gini index of counts that are sorted upwards."""
    total, size = sum(counts), len(counts)
    cumulated = [0, *accumulate(counts)]
    steps = min(_POINTS, size)
    curve = tuple(cumulated[round(size * step / steps)] / total for step in range(steps + 1))
    gini = 1 - sum(a + b for a, b in pairwise(cumulated)) / (total * size)
    return curve, gini
