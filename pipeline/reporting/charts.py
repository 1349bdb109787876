"""Charts as inline SVG, coloured by the page so that they follow light and dark."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any, Final

_WIDTH: Final = 460  # on a phone nearly as many pixels, so that text stays legible there
_LABEL: Final = 165
_LONGEST_NAME: Final = 22
_MARGIN: Final = 10
_ROW: Final = 24
_PLOT: Final = _WIDTH - _LABEL - 60


def whiskers(rows: Mapping[str, Any], title: str, emphasised: str = "") -> str:
    """A dot with its interval for each row; one row stands out.

    Args:
        rows: Name -> `mean` and, where known, `low` and `high`.
        title: For those who cannot see it, and above the chart.
        emphasised: Name of the row that stands out.
    """
    known = {name: value for name, value in rows.items() if value and value.get("mean") is not None}
    if not known:
        return ""
    ends: list[float] = [
        value.get(end, value["mean"]) for value in known.values() for end in ("low", "mean", "high")
    ]
    least, most = min(0.0, *ends), max(0.0, *ends)
    scale = float(_PLOT / ((most - least) or 1.0))

    def x_of(value: float) -> float:
        return _LABEL + (value - least) * scale

    parts = [f'<line class="axis" x1="{x_of(0):.1f}" x2="{x_of(0):.1f}" y1="0" y2="{_ROW * len(known)}"/>']
    for number, (name, value) in enumerate(known.items()):
        y = _ROW * number + _ROW / 2
        low, high = (x_of(value.get(end, value["mean"])) for end in ("low", "high"))
        css = "ours" if name == emphasised else "other"
        parts.append(
            f'<g class="{css}"><text class="name" x="{_LABEL - 8}" y="{y + 4}">{_short(name)}</text>'
            f'<line x1="{low:.1f}" x2="{high:.1f}" y1="{y}" y2="{y}"/>'
            f'<circle cx="{x_of(value["mean"]):.1f}" cy="{y}" r="4.5"/>'
            f'<text x="{max(high, x_of(value["mean"])) + 10:.1f}" y="{y + 4}">{value["mean"]:.4f}</text></g>'
        )
    return _figure(title, _ROW * len(known), "".join(parts))


def lorenz(shares: Sequence[float], title: str) -> str:
    """The curve of cumulated shares of products sorted from the least to the most bought."""
    side = 260
    count = len(shares) - 1 or 1
    points = " ".join(
        f"{_MARGIN + side * number / count:.1f},{side * (1 - share):.1f}"
        for number, share in enumerate(shares)
    )
    right, middle = _MARGIN + side, _MARGIN + side / 2
    return _figure(
        title,
        side + 22,
        f'<rect class="frame" x="{_MARGIN}" y="0" width="{side}" height="{side}"/>'
        f'<line class="axis" x1="{_MARGIN}" y1="{side}" x2="{right}" y2="0"/>'
        f'<polyline class="curve" points="{points}"/>'
        f'<text x="{middle}" y="{side + 16}" text-anchor="middle">products, least bought first</text>'
        f'<text x="{right + 10}" y="14">all events</text>'
        f'<text x="{right + 10}" y="{side / 2}">diagonal: all alike</text>',
    )


def curves(series: Mapping[str, Sequence[float]], title: str) -> str:
    """Lines over epochs, each scaled to its own range, with its first and last value named."""
    height, gap = 70, 26
    parts = []
    for number, (name, values) in enumerate(series.items()):
        top = number * (height + gap) + 4
        least, most = min(values), max(values)
        step = _PLOT / max(1, len(values) - 1)
        points = [
            (_LABEL + step * index, top + height - height * ((value - least) / ((most - least) or 1.0)))
            for index, value in enumerate(values)
        ]
        line = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        dots = "".join(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="2.5"/>' for x, y in points)
        last = f"{values[0]:.4g} → {values[-1]:.4g}"
        parts.append(
            f'<g class="ours">'
            f'<text class="name" x="{_LABEL - 8}" y="{top + height / 2}">{escape(name)}</text>'
            f'<polyline class="curve" points="{line}"/>{dots}'
            f'<text x="{_LABEL}" y="{top + height + 16}">{escape(last)}</text></g>'
        )
    return _figure(title, len(series) * (height + gap) + 4, "".join(parts))


def stacked(parts: Mapping[str, float], title: str) -> str:
    """A bar of 1 taken apart; what is below zero is left out of the picture."""
    x, bars = 0.0, []
    total = sum(max(0.0, value) for value in parts.values()) or 1.0
    for number, (name, value) in enumerate(parts.items()):
        width = (_WIDTH - 4) * max(0.0, value) / total
        text = f"{name} {value:.3f}"
        label = f'<text x="{x + 6:.1f}" y="20">{escape(text)}</text>' if width > 7 * len(text) else ""
        bars.append(
            f'<g class="part{number}"><rect x="{x:.1f}" y="0" width="{width:.1f}" height="32">'
            f"<title>{escape(text)}</title></rect>{label}</g>"
        )
        x += width
    return _figure(title, 34, "".join(bars))


def _short(name: str) -> str:
    """A name that its column holds; the whole of it is shown on pointing at it."""
    if len(name) <= _LONGEST_NAME:
        return escape(name)
    half = _LONGEST_NAME // 2
    return f"<title>{escape(name)}</title>{escape(name[:half])}…{escape(name[-half:])}"


def _figure(title: str, height: float, content: str) -> str:
    return (
        f'<figure tabindex="0"><figcaption>{escape(title)}</figcaption>'
        f'<svg class="chart" viewBox="0 0 {_WIDTH} {height:.0f}" '
        f'role="img" aria-label="{escape(title)}">{content}</svg></figure>'
    )
