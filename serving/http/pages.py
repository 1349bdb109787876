"""The explorer page and its files, none of which holds any data of the shop."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from fastapi import FastAPI
from fastapi.responses import FileResponse, Response

from serving.problems import ProblemError

STATIC: Final = "/static/"
_FOLDER = Path(__file__).parents[1] / "static"
_FILES: Final = {
    "explorer.css": "text/css",
    "explorer.js": "text/javascript",
    "api.js": "text/javascript",
    "examples.js": "text/javascript",
    "link.js": "text/javascript",
    "views.js": "text/javascript",
    "why.js": "text/javascript",
}
_POLICY = "default-src 'none'; connect-src 'self'; style-src 'self'; script-src 'self'; img-src data:"
_HEADERS = {
    "Content-Security-Policy": _POLICY,
    "Cache-Control": "no-cache",
    "X-Content-Type-Options": "nosniff",
}


def add_pages(app: FastAPI) -> None:
    """Adds `/` and `/static/`."""

    @app.get("/", include_in_schema=False)
    async def explorer() -> Response:
        return FileResponse(_FOLDER / "index.html", headers=_HEADERS)

    @app.get(STATIC + "{name}", include_in_schema=False)
    async def static(name: str) -> Response:
        if name not in _FILES:
            raise ProblemError(404, "Not Found")
        return FileResponse(_FOLDER / name, media_type=_FILES[name], headers=_HEADERS)
