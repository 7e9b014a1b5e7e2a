"""Uploads: kept in pieces while they arrive, so that a worker on any host can read them."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING

from service.api.ids import new_id
from service.api.json_body import ClientGoneError
from service.errors import BodyTooLargeError, ConflictError, UnsupportedMediaTypeError
from service.store.job_files import add_chunk, drop_upload
from service.store.management.jobs import count_unfinished

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from fastapi import Request

    from service.api.management.database import Transactions
    from service.store.feeds.rows import FileFormat

UPLOAD_LIMIT = 256 * 1024 * 1024  # bytes
CHUNK = 1024 * 1024  # bytes: of one upload no more is in memory
MOST_WAITING = 20
"""Jobs of one store that are not done: more uploads have to wait."""


@dataclass(frozen=True, slots=True)
class Upload:
    """An upload that arrived whole."""

    job_id: str
    form: FileFormat
    size: int  # bytes
    sha256: bytes


def format_of(request: Request, formats: Mapping[str, FileFormat]) -> FileFormat:
    """How the body is to be read.

    Raises: UnsupportedMediaTypeError.
    """
    given = request.headers.get("content-type", "")
    name, _, parameters = given.partition(";")
    form = formats.get(name.strip().lower())
    charset = parameters.strip().lower().removeprefix("charset=").strip('"')
    if form is None or charset not in {"", "utf-8", "header=present"}:
        raise UnsupportedMediaTypeError(given[:80])
    if (packed := request.headers.get("content-encoding", "identity")) != "identity":
        raise UnsupportedMediaTypeError(f"{given[:80]}, packed as {packed[:20]}")
    return form


async def require_room(database: Transactions, store_id: str) -> None:
    """Raise ConflictError if the store has too many jobs waiting."""
    async with database.begin() as connection:
        waiting = await count_unfinished(connection, store_id)
    if waiting >= MOST_WAITING:
        raise ConflictError(f"{waiting} jobs of the store wait already; wait until some are done")


async def receive(request: Request, database: Transactions, form: FileFormat) -> Upload:
    """Keep the body in pieces, under the id of the job that will read it.

    No transaction is open while the caller is waited for. What came of a body that is too long,
    or never ends, is removed.
    Raises: BodyTooLargeError, StoreUnavailableError, ClientGoneError.
    """
    job_id, digest, size = new_id("job"), sha256(), 0
    try:
        number = 0
        async for body in _pieces(request):
            digest.update(body)
            size += len(body)
            async with database.begin() as connection:
                await add_chunk(connection, job_id, number, body)
            number += 1
    except BaseException:
        await discard(database, job_id)
        raise
    return Upload(job_id, form, size, digest.digest())


async def discard(database: Transactions, job_id: str) -> None:
    """Remove an upload that no job will read."""
    async with database.begin() as connection:
        await drop_upload(connection, job_id)


async def _pieces(request: Request) -> AsyncIterator[bytes]:
    """The body in pieces of `CHUNK` bytes or a little more."""
    announced = request.headers.get("content-length", "")
    if announced.isdecimal() and int(announced[:20]) > UPLOAD_LIMIT:
        raise BodyTooLargeError(UPLOAD_LIMIT)
    waiting, held, size = [], 0, 0
    while True:
        message = await request.receive()
        if message["type"] == "http.disconnect":
            raise ClientGoneError
        body = message.get("body", b"")
        waiting.append(body)
        held, size = held + len(body), size + len(body)
        if size > UPLOAD_LIMIT:
            raise BodyTooLargeError(UPLOAD_LIMIT)
        more = message.get("more_body", False)
        if held >= CHUNK or (held and not more):
            yield b"".join(waiting)
            waiting, held = [], 0
        if not more:
            return
