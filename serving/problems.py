"""Errors as RFC 9457 problem documents, without a word about our insides."""

from __future__ import annotations

import logging
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from schema.errors import UserError

MEDIA_TYPE = "application/problem+json"
_LOG = logging.getLogger("towerline.serving")


class ProblemError(Exception):
    """An answer other than success.

    Args:
        status: HTTP status.
        detail: What is wrong and how to mend it.
        headers: Of the answer.
    """

    def __init__(self, status: int, detail: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(detail)
        self.status, self.detail, self.headers = status, detail, headers


def document(status: int, detail: str) -> dict[str, Any]:
    """The body: type, title, status and detail."""
    return {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status, "detail": detail}


def answer(status: int, detail: str, headers: dict[str, str] | None = None) -> JSONResponse:
    """The whole answer."""
    return JSONResponse(document(status, detail), status, headers, media_type=MEDIA_TYPE)


def install(app: FastAPI) -> None:
    """Makes every error of the application a problem document."""

    def problem(_: Request, error: Exception) -> JSONResponse:
        shown = error if isinstance(error, ProblemError) else ProblemError(500, "The server failed.")
        return answer(shown.status, shown.detail, shown.headers)

    def invalid(request: Request, error: Exception) -> JSONResponse:
        declared = request.headers.get("content-type", "")
        if request.method == "POST" and "json" not in declared.lower():
            return answer(415, f"Content-Type must be application/json. Received: {declared or 'none'}.")
        found = error.errors() if isinstance(error, RequestValidationError) else []
        parts = [f"{'.'.join(map(str, item['loc'][1:])) or 'body'}: {item['msg']}" for item in found]
        return answer(422, "; ".join(parts))

    def refused(_: Request, error: Exception) -> JSONResponse:
        status = error.status_code if isinstance(error, HTTPException) else 500
        headers = dict(error.headers) if isinstance(error, HTTPException) and error.headers else None
        return answer(status, HTTPStatus(status).phrase, headers)

    def unavailable(_: Request, error: Exception) -> JSONResponse:
        _LOG.warning("a request met: %s", error)
        return answer(503, "The product database or the model cannot answer this now; the log says why.")

    def failed(_: Request, error: Exception) -> JSONResponse:
        _LOG.error("a request failed", exc_info=error)
        return answer(500, "The server failed; its log says why.")

    app.add_exception_handler(ProblemError, problem)
    app.add_exception_handler(RequestValidationError, invalid)
    app.add_exception_handler(HTTPException, refused)
    app.add_exception_handler(UserError, unavailable)
    app.add_exception_handler(Exception, failed)
