"""A lineage as a picture: Graphviz text, and SVG that needs no Graphviz."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Any, Final

_WIDTH: Final = 168
_HEIGHT: Final = 40
_GAP_X: Final = 40
_GAP_Y: Final = 18


def to_dot(data: Mapping[str, Any]) -> str:
    """Graphviz text of a lineage."""
    rows = [f"  a{item['id']} [label={_quoted(_label(item))}];" for item in data["artifacts"]]
    rows += [f"  a{edge['from']} -> a{edge['to']} [label={_quoted(edge['as'])}];" for edge in data["edges"]]
    return "\n".join(["digraph lineage {", "  rankdir=LR;", "  node [shape=box];", *rows, "}", ""])


def to_svg(data: Mapping[str, Any]) -> str:
    """A lineage from left (data) to right (the artifact)."""
    boxes = {item["id"]: tuple(_label(item).split("\n")) for item in data["artifacts"]}
    edges = sorted({(edge["from"], edge["to"]) for edge in data["edges"]})
    return layered_svg(boxes, edges, {item["id"]: "node" for item in data["artifacts"]}, "Lineage")


def layered_svg(
    boxes: Mapping[int, tuple[str, ...]],
    edges: list[tuple[int, int]],
    classes: Mapping[int, str],
    title: str,
    links: Mapping[int, str] | None = None,
    downwards: bool = False,
) -> str:
    """Boxes in columns, each right of all that it depends on; or in rows, each below it.

    Args:
        boxes: Key -> lines of text.
        edges: From, to.
        classes: Key -> CSS class.
        title: For those who cannot see it.
        links: Key -> address.
        downwards: Whether in rows.
    """
    positions = _positions(list(boxes), edges)
    if downwards:
        positions = {key: (y, x) for key, (x, y) in positions.items()}
    columns = max((x for x, _ in positions.values()), default=0) + 1
    rows = max((y for _, y in positions.values()), default=0) + 1
    width, height = columns * (_WIDTH + _GAP_X), rows * (_HEIGHT + _GAP_Y) + _GAP_Y
    role = "group" if links else "img"  # who cannot see it gets no links out of an image
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" class="dag" viewBox="0 0 {width} {height}" '
        f'width="{width}" height="{height}" role="{role}" aria-label="{escape(title)}">',
        "<style>.dag text{font:11px system-ui,sans-serif;fill:currentColor}"
        ".dag rect{fill:none;stroke:currentColor}"
        ".dag path{fill:none;stroke:currentColor;opacity:.35}</style>",
    ]
    drawn = [edge for edge in _direct(edges) if edge[0] in positions and edge[1] in positions]
    arrow = _arrow_down if downwards else _arrow
    parts += [arrow(positions[start], positions[end]) for start, end in drawn]
    for key, texts in boxes.items():
        box = _box(positions[key], texts, classes.get(key, "node"))
        parts.append(f'<a href="{escape(links[key])}">{box}</a>' if links and key in links else box)
    return "".join([*parts, "</svg>"])


def _positions(keys: list[int], edges: list[tuple[int, int]]) -> dict[int, tuple[int, int]]:
    depth = dict.fromkeys(keys, 0)
    for _ in keys:  # longest path; a graph of n boxes settles in n rounds
        changed = False
        for start, end in edges:
            if start in depth and end in depth and depth[end] < depth[start] + 1:
                depth[end], changed = depth[start] + 1, True
        if not changed:
            break
    filled: dict[int, int] = {}
    positions = {}
    for key in keys:
        column = depth[key]
        positions[key] = (column, filled.get(column, 0))
        filled[column] = filled.get(column, 0) + 1
    return positions


def _direct(edges: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """The edges without those that a longer way makes plain: they would hide the picture."""
    after: dict[int, set[int]] = {}
    for start, end in edges:
        after.setdefault(start, set()).add(end)

    def reached(start: int) -> set[int]:
        found: set[int] = set()
        waiting = [start]
        while waiting:
            new = after.get(waiting.pop(), set()) - found
            found |= new
            waiting += new
        return found

    beyond = {start: set().union(*(reached(end) for end in ends)) for start, ends in after.items()}
    return [(start, end) for start, end in edges if end not in beyond[start]]


def _arrow(start: tuple[int, int], end: tuple[int, int]) -> str:
    x1, y1 = _corner(start)
    x2, y2 = _corner(end)
    x1, y1, y2 = x1 + _WIDTH, y1 + _HEIGHT // 2, y2 + _HEIGHT // 2
    middle = (x1 + x2) / 2
    return f'<path d="M{x1} {y1}C{middle:.0f} {y1} {middle:.0f} {y2} {x2} {y2}"/>'


def _arrow_down(start: tuple[int, int], end: tuple[int, int]) -> str:
    x1, y1 = _corner(start)
    x2, y2 = _corner(end)
    x1, y1, x2 = x1 + _WIDTH // 2, y1 + _HEIGHT, x2 + _WIDTH // 2
    return f'<path d="M{x1} {y1}C{x1} {y1 + _GAP_Y} {x2} {y2 - _GAP_Y} {x2} {y2}"/>'


def _box(position: tuple[int, int], texts: tuple[str, ...], css: str) -> str:
    x, y = _corner(position)
    rows = "".join(
        f'<text x="{x + 8}" y="{y + 16 + 15 * number}">{escape(text)}</text>'
        for number, text in enumerate(texts)
    )
    return f'<g class="{css}"><rect x="{x}" y="{y}" width="{_WIDTH}" height="{_HEIGHT}" rx="5"/>{rows}</g>'


def _corner(position: tuple[int, int]) -> tuple[int, int]:
    return position[0] * (_WIDTH + _GAP_X) + 2, position[1] * (_HEIGHT + _GAP_Y) + _GAP_Y // 2


def _label(item: Mapping[str, Any]) -> str:
    return f"{item['type']} {item['id']}\n{item['node']}"


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'
