"""How a method becomes a request, and an answer a model."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Protocol, TypeVar
from urllib.parse import quote

from pydantic import ValidationError

from salient_client.generated.models import Problem
from salient_client.problems import ProblemError
from salient_client.wire import Wire

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import httpx

    Value = str | int | bool | date | None

_SUCCESS = range(200, 300)

Answer = TypeVar("Answer", bound=Wire)
Other = TypeVar("Other", bound=Wire)
Row_co = TypeVar("Row_co", covariant=True)


class PageOf(Protocol[Row_co]):
    """One page of a list."""

    @property
    def data(self) -> Sequence[Row_co]:
        """The rows."""

    @property
    def next(self) -> str | None:
        """The cursor of the next page."""


@dataclass(frozen=True, slots=True)
class Call:
    """One request to be sent. A `body` of bytes goes as it is, as `content_type`."""

    method: str
    path: str  # with {names} of `within`
    within: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, Value] = field(default_factory=dict)
    headers: Mapping[str, str | None] = field(default_factory=dict)
    body: Wire | bytes | None = None
    content_type: str = "application/json"

    def request(self, http: httpx.Client | httpx.AsyncClient) -> httpx.Request:
        """The request, as `http` would send it."""
        within = {name: quote(value, safe="") for name, value in self.within.items()}
        headers = {name: value for name, value in self.headers.items() if value is not None}
        if self.body is not None:
            headers["Content-Type"] = self.content_type
        return http.build_request(
            self.method,
            self.path.format(**within),
            params={name: _text(value) for name, value in self.query.items() if value is not None},
            headers=headers,
            content=_bytes(self.body),
        )


def _text(value: Value) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return value.isoformat() if isinstance(value, date) else str(value)


def _bytes(body: Wire | bytes | None) -> bytes | None:
    """The body; of a model only what the caller gave, for a change leaves the rest as it is."""
    if isinstance(body, Wire):
        return body.model_dump_json(exclude_unset=True).encode()
    return body


def read(
    response: httpx.Response, model: type[Answer], other: type[Other] | None = None
) -> Answer | Other:
    """The model that a successful answer holds, or else the other one that it may hold.

    Raises: ProblemError for every other answer.
    """
    check(response)
    answer: Answer | Other
    try:
        answer = model.model_validate_json(response.content)
    except ValidationError:
        if other is None:
            raise
        answer = other.model_validate_json(response.content)
    answer._etag = response.headers.get("etag")
    return answer


def check(response: httpx.Response) -> httpx.Response:
    """The answer, if it is a success.

    Raises: ProblemError.
    """
    if response.status_code in _SUCCESS:
        return response
    try:
        problem = Problem.model_validate_json(response.content)
    except ValidationError:  # a proxy's page, say
        problem = None
    raise ProblemError(response, problem)
