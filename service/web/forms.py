"""Small posted forms, read without trust, and the way back to the page."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlencode

from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from starlette.requests import Request

_MOST_BYTES = 8_192
_MOST_FIELDS = 20
_LONGEST_TEXT = 256
_MOST_WORDS = 5
_TOKEN = re.compile(r"[A-Za-z0-9_-]{1,2048}")


async def read_form(request: Request) -> dict[str, list[str]]:
    """Read a urlencoded form that this page posted.

    Raises:
        HTTPException: 403 where another site posted it, 413 or 400 where it is no such form.
    """
    if request.headers.get("sec-fetch-site", "same-origin") not in {"same-origin", "none"}:
        raise HTTPException(403, "posted from another site")
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > _MOST_BYTES:
            raise HTTPException(413, f"a form has at most {_MOST_BYTES} bytes")
    try:
        return parse_qs(body.decode("ascii"), max_num_fields=_MOST_FIELDS)
    except ValueError as error:
        raise HTTPException(400, "not a urlencoded form") from error


def one(form: Mapping[str, Sequence[str]], name: str) -> str:
    """The first value of a field, cleaned; empty where it is missing."""
    return clean(next(iter(form.get(name, ())), ""))


def many(form: Mapping[str, Sequence[str]], name: str) -> tuple[str, ...]:
    """The distinct values of a field, cleaned."""
    texts = dict.fromkeys(clean(text) for text in form.get(name, ()))
    return tuple(text for text in texts if text)[:_MOST_WORDS]


def clean(text: str) -> str:
    """Text as the service takes it: one line, printable, not too long."""
    printable = "".join(character if character.isprintable() else " " for character in text)
    return " ".join(printable.split())[:_LONGEST_TEXT].strip()


def token(text: str) -> str:
    """A token or an id as it stands in an address; empty for what can be none."""
    return text if _TOKEN.fullmatch(text) else ""


def whole_number(text: str, most: int) -> int | None:
    """A number from 1 to `most`; None for anything else."""
    number = int(text[:6]) if text.isascii() and text.isdigit() else 0
    return number if 1 <= number <= most else None


def page_address(
    query: str, words: Sequence[str] = (), category: str = "", hidden: Sequence[str] = ()
) -> str:
    """The address of a page of this shop, without the ads of `hidden` products."""
    fields = [("q", query)] if query else [("category", category)] if category else []
    fields += [("word", word) for word in words] if fields else []
    fields += [("hidden", product_id) for product_id in hidden] if fields else []
    return "/?" + urlencode(fields) if fields else "/"


def place(form: Mapping[str, Sequence[str]]) -> str:
    """The address of the page that a form was posted from."""
    query, category = one(form, "q"), one(form, "category")
    return page_address(query, many(form, "word"), category, many(form, "hidden"))


def back_to(address: str) -> RedirectResponse:
    """Send the browser on to a page of this shop after a post."""
    return RedirectResponse(address, status_code=303)
