"""Problems for what no hot route answers: other routes, paths that do not exist, bugs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from service.api import problems
from service.errors import AdServiceError, Fault, InvalidRequestError

if TYPE_CHECKING:
    from fastapi import FastAPI
    from starlette.requests import Request

_log = structlog.get_logger(__name__)


def install(app: FastAPI) -> None:
    """Answer every error on `app` with a problem."""
    app.add_exception_handler(AdServiceError, on_error)
    app.add_exception_handler(RequestValidationError, on_invalid)
    app.add_exception_handler(HTTPException, on_http)
    app.add_exception_handler(Exception, on_error)


async def respond(request: Request, error: Exception) -> Response:
    """The answer to any error, for routes that answer their own."""
    if isinstance(error, RequestValidationError):
        return await on_invalid(request, error)
    if isinstance(error, HTTPException):
        return await on_http(request, error)
    return await on_error(request, error)


async def on_error(request: Request, error: Exception) -> Response:
    """One of our errors, or a bug: that one is logged, not told."""
    trace_id = _trace_id(request)
    kind, body = problems.describe(error, trace_id)
    if kind is problems.INTERNAL:
        _log.error("request failed", trace_id=trace_id, path=request.url.path, exc_info=error)
    return _response(kind, body)


async def on_invalid(request: Request, error: Exception) -> Response:
    """FastAPI's own finding that a parameter does not fit."""
    found = error.errors() if isinstance(error, RequestValidationError) else []
    faults = [
        Fault("/" + "/".join(map(str, one["loc"])), one["type"], problems.told(one))
        for one in found
    ]
    return await on_error(request, InvalidRequestError(faults, len(faults)))


async def on_http(request: Request, error: Exception) -> Response:
    """What HTTP itself has a word for, such as 404 and 405."""
    status = error.status_code if isinstance(error, HTTPException) else 500
    kind = problems.problem_of_status(status)
    detail = f"{request.method} {ascii(request.url.path)[1:-1][:200]}: {kind.title.lower()}"
    response = _response(kind, problems.problem_body(kind, detail, _trace_id(request)))
    if isinstance(error, HTTPException) and error.headers:
        response.headers.update(error.headers)
    return response


def _trace_id(request: Request) -> str:
    given = request.headers.get("traceparent")
    return problems.trace_id(given.encode("latin-1") if given else None)


def _response(kind: problems.ProblemType, body: bytes) -> Response:
    return Response(body, kind.status, dict(kind.headers), problems.MEDIA_TYPE)
