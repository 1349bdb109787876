"""The run history at `/runs`, with the reports of the runs."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from html import escape
from importlib.resources import files
from string import Template
from typing import Any
from urllib.parse import quote

from fastapi import FastAPI
from fastapi.responses import FileResponse, HTMLResponse, Response

from serving.http.extras import RunHistory
from serving.http.server import Server
from serving.problems import ProblemError

_POLICY = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:"
_COLUMNS = (
    ("run_id", "Run"),
    ("state", "State"),
    ("started", "Started (UTC)"),
    ("seconds", "Seconds"),
    ("nodes", "Nodes"),
    ("events", "Events"),
    ("ndcg@10", "NDCG@10"),
    ("blessed", "Blessed"),
    ("pushed_version", "Pushed"),
)
_NUMBERS = ("seconds", "events", "ndcg@10")


def add_runs_page(app: FastAPI, server: Server) -> None:
    """Adds `/runs`, and the reports below it."""

    @app.get("/runs", include_in_schema=False)
    async def runs() -> Response:
        history = _history(server)
        rows = await asyncio.to_thread(history.rows)
        served = server.holder.served
        version = served.model.version if served else None
        content = runs_page(rows, set(_reports(history)), version)
        return HTMLResponse(content, headers={"Content-Security-Policy": _POLICY})

    @app.get("/runs/{run_id}", include_in_schema=False)
    async def report(run_id: str) -> Response:
        # Looked up among the files that are there, so that no path is made of what a request says.
        path = _reports(_history(server)).get(run_id)
        if path is None:
            raise ProblemError(404, "There is no report of such a run.")
        return FileResponse(path, media_type="text/html", headers={"Content-Security-Policy": _POLICY})


def runs_page(rows: list[dict[str, Any]], reports: set[str], version: str | None) -> str:
    """The HTML of the run history, newest first.

    Args:
        rows: Oldest first, as `towerline runs --json` prints them.
        reports: Runs that have a report.
        version: The version that is served.
    """
    head = "".join(f'<th scope="col"{_align(name)}>{title}</th>' for name, title in _COLUMNS)
    body = "".join(_row(row, reports, version) for row in reversed(rows))
    template = Template((files("serving") / "static" / "runs.html").read_text(encoding="utf-8"))
    note = "" if rows else "<p>No runs yet.</p>"
    return template.substitute(head=head, body=body, note=note)


def _row(row: dict[str, Any], reports: set[str], version: str | None) -> str:
    cells = "".join(
        f"<td{_align(name)}>{_cell(name, row.get(name), version)}</td>" for name, _ in _COLUMNS[1:]
    )
    run_id = str(row["run_id"])
    link = escape(run_id)
    if run_id in reports:
        link = f'<a href="runs/{quote(run_id, safe="")}">{link}</a>'
    return f'<tr><th scope="row">{link}</th>{cells}</tr>'


def _cell(name: str, value: Any, version: str | None) -> str:
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if name == "started":
        return datetime.fromtimestamp(value, UTC).strftime("%Y-%m-%d %H:%M:%S")
    if name == "nodes":
        return escape(", ".join(f"{count} {state}" for state, count in value.items()))
    if name == "pushed_version" and str(value) == version:
        return f"{escape(str(value))} <strong>served</strong>"
    if isinstance(value, float):
        return f"{value:.4f}" if name == "ndcg@10" else f"{value:,.1f}"
    return f"{value:,}" if name == "events" else escape(str(value))


def _align(name: str) -> str:
    return ' class="number"' if name in _NUMBERS else ""


def _history(server: Server) -> RunHistory:
    if server.extras.runs is None:
        raise ProblemError(404, "This server knows no runs.")
    return server.extras.runs


def _reports(history: RunHistory) -> dict[str, Any]:
    return {path.stem: path for path in history.reports.glob("*.html") if path.is_file()}
