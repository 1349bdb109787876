"""Sections about the lists: what a few users were recommended and why, and what scores are worth."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any, Final

from pipeline.inspection.examples import read_targets
from pipeline.inspection.files import unpacked
from pipeline.inspection.graph import Graph
from pipeline.metadata.store import Run
from pipeline.reporting import charts, markup
from schema import names

_USERS: Final = 3
_SHOWN: Final = 5
_BINS: Final = 10
_DAY: Final = 86_400
_LIST = "predictions.parquet"

Lists = dict[str, list[dict[str, Any]]]


def lists_sections(graph: Graph, run: Run) -> str:
    """Examples with reasons, and the share bought by score; empty where the files are gone."""
    evaluation = graph.output(run, "RecommenderEvaluator", "evaluation")
    examples = graph.output(run, "ProductExampleGen", "examples")
    path = Path(evaluation.uri, _LIST) if evaluation else None
    if path is None or examples is None or not path.is_file():
        return ""
    targets = read_targets(Path(examples.uri, f"Split-{names.TEST}"))
    lists = _lists(path)
    return _examples(graph, run, lists, targets) + _calibration(lists, targets)


def _examples(graph: Graph, run: Run, lists: Lists, targets: dict[str, set[str]]) -> str:
    users = [user for user in sorted(lists) if user in targets][:_USERS]
    history = _history(graph, run, users)
    parts = []
    for user in users:
        rows = [
            (
                str(item["rank"]),
                item[names.PRODUCT_ID],
                _reason(item, history.get((user, item[names.PRODUCT_ID]), [])),
                "yes" if item[names.PRODUCT_ID] in targets[user] else "",
            )
            for item in lists[user][:_SHOWN]
        ]
        title = f"User {user}, who bought {len(targets[user])} products in the test window"
        parts.append(markup.grid(("rank", "product", "why", "bought"), rows, (0,), title))
    if not parts:
        return ""
    text = "The first users of the test window by id, as the evaluated model recommended to them."
    return markup.section("examples", "Examples", markup.paragraph(text, "quiet"), *parts)


def _reason(item: dict[str, Any], events: list[tuple[int, int]]) -> str:
    """In the words of the server; `events` are pairs of a time and the cutoff of the query."""
    from serving.model.reasons import reason

    facts: dict[str, Any] = {"source": item["source"], "times_bought": len(events)}
    if events:
        facts["days_since_last"] = (events[0][1] - max(time for time, _ in events)) / _DAY
    return reason(facts)


def _calibration(lists: Lists, targets: dict[str, set[str]]) -> str:
    """Share bought by tenth of the score: it should rise."""
    pairs = sorted(
        (float(item["score"]), item[names.PRODUCT_ID] in targets[user])
        for user, listed in lists.items()
        if user in targets
        for item in listed
    )
    if len(pairs) < _BINS:
        return ""
    edges = [round(len(pairs) * tenth / _BINS) for tenth in range(_BINS + 1)]
    shares = [
        sum(hit for _, hit in pairs[start:end]) / (end - start) for start, end in itertools.pairwise(edges)
    ]
    bars = {
        f"{_ordinal(tenth)} tenth, score {pairs[edges[tenth]][0]:.2f} up": {"mean": share}
        for tenth, share in enumerate(shares)
    }
    title = (
        f"Of the tenth of the recommendations with the highest scores {shares[-1]:.1%} were bought, "
        f"of the tenth with the lowest {shares[0]:.1%}"
    )
    falls = sum(later < earlier for earlier, later in itertools.pairwise(shares))
    verdict = (
        "Each tenth was bought more often than the one below it."
        if not falls
        else f"In {falls} of {_BINS - 1} steps a higher tenth was bought less often than the one below it."
    )
    chart = charts.whiskers(dict(reversed(bars.items())), title)
    text = "A score orders the products of a user; it is no probability, so it is held to the share bought."
    return markup.section("calibration", "Calibration", chart, markup.paragraph(f"{verdict} {text}", "quiet"))


def _ordinal(tenth: int) -> str:
    number = tenth + 1
    return str(number) + {1: "st", 2: "nd", 3: "rd"}.get(number, "th")


def _lists(path: Path) -> Lists:
    import pyarrow.parquet as pq

    lists: Lists = {}
    for row in pq.read_table(path).to_pylist():
        lists.setdefault(row[names.USER_ID], []).append(row)
    return {user: sorted(rows, key=lambda row: row["rank"]) for user, rows in lists.items()}


def _history(graph: Graph, run: Run, users: list[str]) -> dict[tuple[str, str], list[tuple[int, int]]]:
    """User and product -> times of the events before the test window, with its begin."""
    import pyarrow.compute as pc

    from components.interactions.files import part_files, read_interactions

    reader = graph.node(run, "ProductExampleGen")
    artifact = graph.output(run, "ProductExampleGen", "interactions")
    windows = unpacked(reader.properties.get("windows", "{}")) if reader else {}
    begin = windows.get("test_start") if isinstance(windows, dict) else None
    if artifact is None or begin is None or not part_files(artifact.uri):
        return {}
    condition = pc.field(names.USER_ID).isin(users) & (pc.field(names.OCCURRED_AT) < begin)
    found: dict[tuple[str, str], list[tuple[int, int]]] = {}
    for row in read_interactions(artifact.uri, where=condition).to_pylist():
        key = (row[names.USER_ID], row[names.PRODUCT_ID])
        found.setdefault(key, []).append((row[names.OCCURRED_AT], begin))
    return found
