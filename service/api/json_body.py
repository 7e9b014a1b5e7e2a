"""Bodies: read within a limit while they arrive, then checked as strict JSON (RFC 8259)."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ValidationError

from service.api.problems import MOST_FAULTS, faults_of
from service.errors import (
    BodyTooLargeError,
    InvalidRequestError,
    MalformedJsonError,
    UnsupportedEncodingError,
)

if TYPE_CHECKING:
    from starlette.types import Receive

_COLON_AFTER_SPACE = re.compile(rb"[ \t\r\n]:")


class ClientGoneError(Exception):
    """The caller hung up before the body was whole: there is nobody to answer."""


def check_encoding(given: bytes | None) -> None:
    """Refuse a packed body: unpacked, a small one could be without end.

    Raises: UnsupportedEncodingError for any Content-Encoding but identity.
    """
    if given is not None and given.strip().lower() not in {b"", b"identity"}:
        raise UnsupportedEncodingError(given[:80].decode("latin-1"))


async def read_body(receive: Receive, limit: int, announced: bytes | None) -> bytes:
    """The whole body.

    Raises: BodyTooLargeError as soon as more than `limit` bytes are announced or have come.
    """
    if announced is not None and announced.isdigit() and int(announced[:20]) > limit:
        raise BodyTooLargeError(limit)
    chunks, size = [], 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientGoneError
        chunk = message.get("body", b"")
        size += len(chunk)
        if size > limit:
            raise BodyTooLargeError(limit)
        chunks.append(chunk)
        if not message.get("more_body", False):
            return chunks[0] if len(chunks) == 1 else b"".join(chunks)


def refuse_repeated_keys(body: bytes, keys: int) -> None:
    """Raise MalformedJsonError if an object in `body` has a key twice.

    `keys` is how many keys the validated models were given. Unknown keys having been refused,
    as many quoted colons as keys means that no key came twice; else the body is read again.
    """
    if body.count(b'":') == keys and _COLON_AFTER_SPACE.search(body) is None:
        return
    parse_strictly(body)


def parse_strictly(body: bytes) -> Any:
    """The content of `body`, which pydantic could parse, if no key stands twice in an object."""
    try:
        return json.loads(body, object_pairs_hook=_refuse_repeats)
    except (ValueError, RecursionError) as error:
        raise MalformedJsonError(f"the body cannot be read: {error!s}") from None


def count_keys(value: object) -> int:
    """How many JSON keys stand behind a validated model, nested ones included."""
    if isinstance(value, BaseModel):
        given, content = value.__pydantic_fields_set__, value.__dict__
        count = len(given)
        for name in given:
            inner = content[name]
            if isinstance(inner, (BaseModel, tuple)):
                count += count_keys(inner)
        return count
    if isinstance(value, tuple):
        return sum(map(count_keys, value))
    return 0


def as_request_error(
    error: ValidationError, tags: frozenset[str] = frozenset()
) -> MalformedJsonError | InvalidRequestError:
    """What pydantic found wrong with a body, as one of our errors."""
    faults, total = faults_of(error, tags)
    if faults[0].code == "json_invalid":
        return MalformedJsonError(faults[0].detail.partition(";")[0])
    return InvalidRequestError(faults[:MOST_FAULTS], total)


def _refuse_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        repeated = next(name for name in names if names.count(name) > 1)
        message = f"the key {repeated[:64]!a} stands twice in one object"
        raise MalformedJsonError(message)
    return found
