"""Section about what diversity costs and brings."""

from __future__ import annotations

from typing import Any, Final

from pipeline.inspection.view import cell
from pipeline.reporting import charts, markup

_SERIES: Final = {
    "ndcg@10": "NDCG@10",
    "coverage@10": "coverage@10",
    "category_diversity@10": "diversity of categories",
    "embedding_diversity@10": "diversity of embeddings",
    "miscalibration@10": "miscalibration",
}


def diversity_section(metrics: dict[str, Any]) -> str:
    """The curve of accuracy, coverage and diversity over `post_ranking.diversity`."""
    curve = metrics.get("diversity_curve") or {}
    points = curve.get("points", [])
    if not points:
        return ""
    known = [name for name in _SERIES if all(name in point for point in points)]
    strengths = ", ".join(f"{point['diversity']:g}" for point in points)
    rows = [
        (
            f"{point['diversity']:g}" + (" (served)" if point["diversity"] == curve.get("chosen") else ""),
            *(cell(point[name]) for name in known),
            f"{_loss(points[0], point):+.2%}",
        )
        for point in points
    ]
    head = ("diversity", *(_SERIES[name] for name in known), "NDCG@10 against the first")
    title = f"From left to right: diversity {strengths}; {curve.get('num_queries')} users of the test window"
    return markup.section(
        "diversity",
        "Diversity",
        charts.curves({_SERIES[name]: [point[name] for point in points] for name in known}, title),
        markup.grid(head, rows, range(1, len(head)), "Price and gain of diversity"),
    )


def _loss(first: dict[str, float], point: dict[str, float]) -> float:
    return point["ndcg@10"] / first["ndcg@10"] - 1 if first["ndcg@10"] else 0.0
