"""Answers of management routes: a resource as JSON with its ETag."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from starlette.responses import Response

from service.api.management.etag import etag_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from service.api.schemas.resource import Resource
    from service.api.schemas.wire import Wire

JSON = "application/json"
CREATED = 201


@dataclass(frozen=True, slots=True)
class Made:
    """The answer to a request that made something.

    `kept` is what a repeat with the same Idempotency-Key gets in place of `body`, where that
    holds a secret which is shown once.
    """

    body: Wire
    headers: Mapping[str, str] = field(default_factory=dict)
    status: int = CREATED
    kept: Wire | None = None


def made(resource: Resource, path: str, **more: Any) -> Made:
    """The answer to the making of `resource`, which now stands at `path`."""
    return Made(resource, {"Location": path, "ETag": etag_of(resource)}, **more)


def answer(resource: Resource) -> Response:
    """The answer that shows `resource`."""
    headers = {"ETag": etag_of(resource)}
    return Response(resource.model_dump_json(), headers=headers, media_type=JSON)
