"""Pages of a list: up to `limit` rows after a cursor, which is opaque to callers."""

import binascii
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, TypeVar

from fastapi import Depends, Query, Response

from service.api.schemas.resource import PageOf, Resource
from service.errors import Fault, InvalidRequestError

MOST_ROWS = 1000
_LONGEST = 1024  # a product's id of 128 characters of four bytes

Row = TypeVar("Row", bound=Resource)


@dataclass(frozen=True, slots=True)
class PageQuery:
    """Which page is asked for: the rows whose key is past `after`; "" is the first page."""

    limit: int
    after: str = ""

    @property
    def fetch(self) -> int:
        """How many rows to read: one more than are shown tells whether there is a next page."""
        return self.limit + 1

    def number_after(self) -> int | None:
        """`after` for lists that are ordered by a number.

        Raises: InvalidRequestError for the cursor of another list.
        """
        if not self.after:
            return None
        if not self.after.isascii() or not self.after.isdecimal() or len(self.after) > 18:  # noqa: PLR2004 - fits a bigint
            raise _bad_cursor()
        return int(self.after)

    def answer(
        self, page: Callable[..., PageOf[Row]], rows: Sequence[Row], key: Callable[[Row], str]
    ) -> Response:
        """The page of `rows`, of which `fetch` were read in the order of `key`."""
        shown = tuple(rows[: self.limit])
        more = len(rows) > self.limit
        body = page(data=shown, next=_encode(key(shown[-1])) if more else None)
        return Response(body.model_dump_json(), media_type="application/json")


def _encode(key: str) -> str:
    return urlsafe_b64encode(key.encode()).decode().rstrip("=")


def _decode(cursor: str) -> str:
    try:
        key = urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
    except (binascii.Error, ValueError):
        raise _bad_cursor() from None
    if "\0" in key:  # which Postgres does not take
        raise _bad_cursor()
    return key


def _bad_cursor() -> InvalidRequestError:
    detail = "Not a cursor of this list; give the `next` of the page before, or none"
    return InvalidRequestError([Fault("/query/cursor", "bad_cursor", detail)], 1)


async def page_query(
    limit: Annotated[
        int,
        Query(ge=1, le=MOST_ROWS, description="How many rows at most.", examples=[100]),
    ] = 100,
    cursor: Annotated[
        str | None,
        Query(
            max_length=_LONGEST,
            pattern="^[A-Za-z0-9_-]*$",
            description="The `next` of the page before; without it, the first page.",
            examples=["YWR2XzAxOTNiMmM0"],
        ),
    ] = None,
) -> PageQuery:
    """The page that the query string asks for."""
    return PageQuery(limit, _decode(cursor) if cursor else "")


Page = Annotated[PageQuery, Depends(page_query)]
