"""What both clients stand on: connections, and lists read page by page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

import httpx

from salient_client.calls import check, read
from salient_client.wire import Wire

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
    from typing import Self

    from salient_client.calls import Call, PageOf

TIMEOUT_SECONDS = 10.0

Answer = TypeVar("Answer", bound=Wire)
Other = TypeVar("Other", bound=Wire)
Row = TypeVar("Row")


def _bearer(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"}


class Connection:
    """Connections to the service at `url`, with one key. Close it, or use it in a `with`.

    `timeout` is in seconds; other options are those of httpx.Client. Methods raise ProblemError
    for what the service refuses, and httpx.TransportError if it cannot be reached.
    """

    def __init__(
        self, url: str, key: str, *, timeout: float = TIMEOUT_SECONDS, **options: Any
    ) -> None:
        self.http = httpx.Client(base_url=url, headers=_bearer(key), timeout=timeout, **options)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self.http.close()

    def every(
        self, method: Callable[..., PageOf[Row]], *within: str, **query: Any
    ) -> Iterator[Row]:
        """All rows of a list: `every(salient.list_campaigns, status="active")`."""
        cursor: str | None = ""
        while cursor is not None:
            page = method(*within, cursor=cursor or None, **query)
            yield from page.data
            cursor = page.next

    def _ask(
        self, call: Call, model: type[Answer], other: type[Other] | None = None
    ) -> Answer | Other:
        return read(self.http.send(call.request(self.http)), model, other)

    def _read(self, call: Call) -> str:
        return check(self.http.send(call.request(self.http))).text

    def _tell(self, call: Call) -> None:
        check(self.http.send(call.request(self.http)))


class AsyncConnection:
    """As `Connection`, with methods that await; use it in an `async with`."""

    def __init__(
        self, url: str, key: str, *, timeout: float = TIMEOUT_SECONDS, **options: Any
    ) -> None:
        self.http = httpx.AsyncClient(
            base_url=url, headers=_bearer(key), timeout=timeout, **options
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the connections."""
        await self.http.aclose()

    async def every(
        self, method: Callable[..., Awaitable[PageOf[Row]]], *within: str, **query: Any
    ) -> AsyncIterator[Row]:
        """All rows of a list: `every(salient.list_campaigns, status="active")`."""
        cursor: str | None = ""
        while cursor is not None:
            page = await method(*within, cursor=cursor or None, **query)
            for row in page.data:
                yield row
            cursor = page.next

    async def _ask(
        self, call: Call, model: type[Answer], other: type[Other] | None = None
    ) -> Answer | Other:
        return read(await self.http.send(call.request(self.http)), model, other)

    async def _read(self, call: Call) -> str:
        return check(await self.http.send(call.request(self.http))).text

    async def _tell(self, call: Call) -> None:
        check(await self.http.send(call.request(self.http)))
