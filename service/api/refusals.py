"""Answers to what never becomes a request: no HTTP, too long, too slow, too many at once."""

from __future__ import annotations

from http import HTTPStatus

from service.api.problems import MEDIA_TYPE, problem_body, problem_of_status, trace_id


class RefusedRequestError(Exception):
    """A request that is refused before its headers are whole."""

    def __init__(self, status: HTTPStatus, detail: str) -> None:
        super().__init__(detail)
        self.status = status


def refusal(status: HTTPStatus, detail: str) -> bytes:
    """The bytes of an answer after which the connection is closed."""
    body = problem_body(problem_of_status(status), detail, trace_id(None))
    lines = [
        f"HTTP/1.1 {status.value} {status.phrase}",
        f"content-type: {MEDIA_TYPE}",
        f"content-length: {len(body)}",
        "connection: close",
    ]
    if status is HTTPStatus.SERVICE_UNAVAILABLE:
        lines.append("retry-after: 1")
    return "\r\n".join([*lines, "", ""]).encode() + body
