"""Bodies of managed routes: bounded while they arrive, then one strict pass of pydantic."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import TypeAdapter, ValidationError
from starlette.requests import Request

from service.api.json_body import (
    as_request_error,
    check_encoding,
    count_keys,
    read_body,
    refuse_repeated_keys,
)
from service.api.management.batch_items import salvage
from service.api.schemas.batches import Batch
from service.errors import UnsupportedMediaTypeError

if TYPE_CHECKING:
    from starlette.types import Scope

BODY_LIMIT = 2 * 1024 * 1024  # bytes: a thousand items


class StrictRequest(Request):
    """A request whose body was read and checked: FastAPI is given the finished model."""

    def __init__(self, scope: Scope, body: bytes, model: Any) -> None:
        super().__init__(scope)
        self._body, self._model = body, model

    async def body(self) -> bytes:
        """The bytes as they came."""
        return self._body

    async def json(self) -> Any:
        """The model that they are."""
        return self._model


class BodyReader:
    """Reads the body of one route as its model."""

    def __init__(self, model: Any) -> None:
        self._model = model
        self._adapter: TypeAdapter[Any] = TypeAdapter(model)

    @classmethod
    def of(cls, body_field: Any) -> BodyReader | None:
        """The reader for FastAPI's field of a body, if the route has one."""
        return None if body_field is None else cls(body_field.field_info.annotation)

    async def read(self, request: Request) -> tuple[bytes, Any]:
        """The bytes, and the model.

        Raises: UnsupportedMediaTypeError, UnsupportedEncodingError, BodyTooLargeError,
        MalformedJsonError, InvalidRequestError.
        """
        given = request.headers.get("content-type", "")
        if given.partition(";")[0].strip().lower() != "application/json":
            raise UnsupportedMediaTypeError(given[:80])
        check_encoding(request.headers.get("content-encoding", "").encode("latin-1"))
        announced = request.headers.get("content-length", "").encode("latin-1")
        body = await read_body(request.receive, BODY_LIMIT, announced)
        try:
            model = self._adapter.validate_json(body)
        except ValidationError as error:
            if isinstance(self._model, type) and issubclass(self._model, Batch):
                return body, salvage(self._model, body, error)
            raise as_request_error(error) from None
        refuse_repeated_keys(body, count_keys(model))
        return body, model
