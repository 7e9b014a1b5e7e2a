"""Managed routes: the key is checked before the body is read, and the body is read strictly.

They are FastAPI's own routes otherwise. Each depends on one `Gate`; that is what stands in
OpenAPI as `x-scope`. Every answer, problems too, carries the rate limit of the caller's key.
"""

from collections.abc import Callable, Coroutine
from time import monotonic
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute

from service.api import fallbacks
from service.api.hot_route import Call
from service.api.json_body import ClientGoneError
from service.api.management.body import BodyReader, StrictRequest
from service.api.management.caller import Gate
from service.api.management.rate_limit import Allowance
from service.api.problems import responses
from service.api.state import State, state_of
from service.errors import (
    BodyTooLargeError,
    ConflictError,
    ForbiddenError,
    InvalidRequestError,
    MalformedJsonError,
    NotFoundError,
    StoreUnavailableError,
    TooManyRequestsError,
    UnauthenticatedError,
    UnsupportedMediaTypeError,
)

_ALWAYS = (
    UnauthenticatedError,
    ForbiddenError,
    InvalidRequestError,
    TooManyRequestsError,
    StoreUnavailableError,
)
_OF_BODIES = (MalformedJsonError, BodyTooLargeError, UnsupportedMediaTypeError)
_NOBODY = 499

Handler = Callable[[Request], Coroutine[Any, Any, Response]]


class ManagedRoute(APIRoute):
    """A route behind a gate."""

    def __init__(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        own = [*_ALWAYS]
        own += [NotFoundError] if "{" in path else []
        own += [] if options["methods"] == ["GET"] else [ConflictError]
        options["responses"] = responses(*own) | (options.get("responses") or {})
        super().__init__(path, endpoint, **options)
        extra: dict[str, Any] = {"x-scope": self._gate.scope.value, "security": [{"bearer": []}]}
        self.openapi_extra = extra | (self.openapi_extra or {})
        if self.body_field is not None:
            self.responses = responses(*_OF_BODIES) | self.responses

    def get_route_handler(self) -> Handler:
        """FastAPI's handler, inside ours."""
        self._gate = _gate_of(self.dependant, self.path)
        handler = super().get_route_handler()
        reader = BodyReader.of(self.body_field)

        async def enter(request: Request, headers: dict[str, str]) -> Response:
            state = state_of(request)
            caller = self._gate.admit(Call(request.scope), state.live)
            headers |= _take(state, caller.key_id).headers()
            if "Retry-After" in headers:
                raise TooManyRequestsError(int(headers["Retry-After"]))
            if reader is None:
                return await handler(request)
            body, model = await reader.read(request)
            return await handler(StrictRequest(request.scope, body, model))

        async def handle(request: Request) -> Response:
            headers: dict[str, str] = {}
            try:
                response = await enter(request, headers)
            except ClientGoneError:
                return Response(status_code=_NOBODY)
            except Exception as error:  # the edge: every error becomes a problem
                response = await fallbacks.respond(request, error)
            response.headers.update(headers)
            state_of(request).metrics.count_request(self.path_format, response.status_code)
            return response

        return handle


def management_router(tag: str) -> APIRouter:
    """A router for one resource, under /v1."""
    return APIRouter(prefix="/v1", tags=[tag], route_class=ManagedRoute)


def _gate_of(dependant: Dependant, path: str) -> Gate:
    """The gate that the endpoint depends on: a route without one must not exist."""
    for inner in dependant.dependencies:
        if isinstance(inner.call, Gate):
            return inner.call
    raise TypeError(f"{path} has no gate: give its endpoint a caller, such as `caller: Manager`")


def _take(state: State, key_id: str) -> Allowance:
    return state.limiter.take(key_id, monotonic())
