"""Errors in the words of HTTP: one table, problem+json (RFC 9457), OpenAPI entries."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from http import HTTPStatus
from os import urandom
from typing import TYPE_CHECKING, Any

import orjson

from service.errors import (
    AdServiceError,
    BadInputError,
    BadTokenError,
    BodyTooLargeError,
    ConflictError,
    Fault,
    ForbiddenError,
    IdempotencyKeyReusedError,
    InvalidRequestError,
    MalformedJsonError,
    NotFoundError,
    PreconditionFailedError,
    StoreUnavailableError,
    TooManyRequestsError,
    UnauthenticatedError,
    UnknownPlacementError,
    UnsupportedEncodingError,
    UnsupportedMediaTypeError,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from pydantic import ValidationError

MEDIA_TYPE = "application/problem+json"
MOST_FAULTS = 20  # named in one answer: a batch can hold thousands
_LONGEST_EXCERPT = 80  # characters
_WIDEST_NUMBER = 128  # bits
_TRACEPARENT = re.compile(rb"[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}")


@dataclass(frozen=True, slots=True)
class ProblemType:
    """A kind of problem: how an error is told to the caller."""

    status: int
    code: str
    title: str
    headers: Mapping[str, str] = field(default_factory=dict)


INTERNAL = ProblemType(500, "internal_error", "Something went wrong on our side")

PROBLEMS: Mapping[type[Exception], ProblemType] = {
    MalformedJsonError: ProblemType(400, "malformed_json", "The body is not JSON"),
    UnauthenticatedError: ProblemType(
        401, "unauthenticated", "No usable key", {"WWW-Authenticate": "Bearer"}
    ),
    ForbiddenError: ProblemType(403, "forbidden", "The key may not do this"),
    BadTokenError: ProblemType(404, "unknown_token", "There is no such token"),
    NotFoundError: ProblemType(404, "not_found", "There is no such thing"),
    ConflictError: ProblemType(409, "conflict", "It clashes with what there is"),
    IdempotencyKeyReusedError: ProblemType(
        409, "idempotency_key_reused", "The Idempotency-Key was used for another request"
    ),
    PreconditionFailedError: ProblemType(
        412, "precondition_failed", "The resource was changed meanwhile"
    ),
    BodyTooLargeError: ProblemType(
        413, "body_too_large", "The body is too large", {"Connection": "close"}
    ),
    UnsupportedMediaTypeError: ProblemType(
        415, "unsupported_media_type", "The body is of a type that is not taken"
    ),
    UnsupportedEncodingError: ProblemType(
        415, "unsupported_encoding", "The body is packed", {"Accept-Encoding": "identity"}
    ),
    InvalidRequestError: ProblemType(
        422, "invalid_request", "The request does not fit its schema"
    ),
    UnknownPlacementError: ProblemType(422, "unknown_placement", "There is no such placement"),
    BadInputError: ProblemType(422, "bad_input", "The input cannot be used"),
    TooManyRequestsError: ProblemType(429, "too_many_requests", "The key calls too often"),
    StoreUnavailableError: ProblemType(
        503, "store_unavailable", "A store does not answer", {"Retry-After": "1"}
    ),
}


def problem_type(error: Exception) -> ProblemType:
    """The table's entry for `error`, or that of the nearest class it descends from."""
    for ancestor in type(error).__mro__:
        if ancestor in PROBLEMS:
            return PROBLEMS[ancestor]
    return INTERNAL


def problem_of_status(status: int) -> ProblemType:
    """What HTTP itself has a word for, such as 404 and 405."""
    if status == INTERNAL.status:
        return INTERNAL
    phrase = HTTPStatus(status).phrase
    return ProblemType(status, phrase.lower().replace(" ", "_").replace("-", "_"), phrase)


def problem_body(
    kind: ProblemType, detail: str, trace_id: str, faults: Iterable[Fault] = ()
) -> bytes:
    """The bytes of one problem."""
    problem: dict[str, Any] = {
        "type": f"urn:salient:{kind.code}",
        "title": kind.title,
        "status": kind.status,
        "detail": detail,
        "code": kind.code,
        "trace_id": trace_id,
        "errors": [
            {"pointer": fault.pointer, "code": fault.code, "detail": fault.detail}
            for fault in faults
        ],
    }
    return orjson.dumps(problem)


def describe(error: Exception, trace_id: str) -> tuple[ProblemType, bytes]:
    """An error as its kind and its body. What is not ours is not told."""
    kind = problem_type(error)
    if kind is INTERNAL:
        return kind, problem_body(kind, "The error was logged under its trace id.", trace_id)
    faults = error.faults if isinstance(error, InvalidRequestError) else _faults(error)
    return kind, problem_body(kind, str(error), trace_id, faults)


def trace_id(traceparent: bytes | None) -> str:
    """The trace that the caller named (W3C traceparent), or a new one."""
    found = _TRACEPARENT.fullmatch(traceparent or b"")
    return found[1].decode() if found else urandom(16).hex()


def faults_of(
    error: ValidationError, tags: frozenset[str] = frozenset()
) -> tuple[tuple[Fault, ...], int]:
    """What pydantic found, as faults with JSON pointers, and how many there are in all.

    `tags` are the discriminators that pydantic puts into a location but that are not in the body.
    """
    found = error.errors(include_url=False, include_context=False)
    faults = [Fault(_pointer(one["loc"], tags), one["type"], told(one)) for one in found]
    real = tuple(fault for fault in faults if not _follows(fault, faults))
    return real, len(real)


def responses(*errors: type[AdServiceError]) -> dict[int | str, dict[str, Any]]:
    """OpenAPI's entries for these errors."""
    entries: dict[int | str, dict[str, Any]] = {}
    for error in errors:
        kind = PROBLEMS[error]
        entry = entries.setdefault(
            kind.status,
            {
                "description": kind.title,
                "content": {
                    MEDIA_TYPE: {
                        "schema": {"$ref": "#/components/schemas/Problem"},
                        "examples": {},
                    }
                },
            },
        )
        entry["content"][MEDIA_TYPE]["examples"][kind.code] = {"value": _example(kind)}
    return entries


def _example(kind: ProblemType) -> Any:
    return json.loads(problem_body(kind, kind.title, "4bf92f3577b34da6a3ce929d0e0e4736"))


def _faults(error: Exception) -> tuple[Fault, ...]:
    if isinstance(error, UnknownPlacementError):
        return (Fault(error.pointer, "unknown_placement", str(error)),)
    return ()


def _follows(fault: Fault, faults: Sequence[Fault]) -> bool:
    """Whether an array only seems too short: pydantic does not count items that are wrong."""
    return fault.code == "too_short" and any(
        other.pointer.startswith(f"{fault.pointer}/") for other in faults
    )


def _pointer(location: tuple[int | str, ...], tags: frozenset[str]) -> str:
    steps = [
        step
        for before, step in zip((None, *location), location, strict=False)
        if not (isinstance(before, int) and step in tags)
    ]
    return "".join(f"/{str(step).replace('~', '~0').replace('/', '~1')}" for step in steps)


def told(found: Mapping[str, Any]) -> str:
    """One of pydantic's findings in words, with what was received."""
    if found["type"] == "missing":
        return "Field required; nothing was received"
    return f"{found['msg']}; received {_excerpt(found['input'])}"


def _excerpt(value: object) -> str:
    """Enough of what was received to find it again, in ASCII."""
    if isinstance(value, dict):
        return f"an object with {len(value)} fields"
    if isinstance(value, list | tuple):
        return f"an array of {len(value)}"
    if isinstance(value, int) and value.bit_length() > _WIDEST_NUMBER:
        return f"a number of {value.bit_length()} bits"
    text = ascii(value)
    return text if len(text) <= _LONGEST_EXCERPT else f"{text[: _LONGEST_EXCERPT - 3]}..."
