"""Idempotency-Key: a creating request that is sent again makes nothing new.

Key and creation stand in one transaction: of two equal requests at once the second waits for
the first, and then gets its answer. An error keeps nothing, so the request may be sent again.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Annotated

from fastapi import Depends, Header, Request, Response
from sqlalchemy.ext.asyncio import AsyncConnection

from service.api.management.answers import JSON, Made
from service.api.management.body import StrictRequest
from service.api.management.caller import admitted
from service.api.management.database import Database, Transactions
from service.errors import IdempotencyKeyReusedError
from service.store.management.idempotency import IdempotencyKey, KeptAnswer, claim, keep

Create = Callable[[AsyncConnection], Awaitable[Made]]


@dataclass(frozen=True, slots=True)
class Creation:
    """Runs what creates something, once for each Idempotency-Key."""

    database: Transactions
    key: IdempotencyKey | None
    request_sha256: bytes

    async def __call__(self, create: Create) -> Response:
        """The answer of `create`, which is given a transaction; or the one kept of before.

        Raises: IdempotencyKeyReusedError if the key came with another request.
        """
        async with self.database.begin() as connection:
            if self.key is None:
                return _response(await create(connection))
            kept = await claim(connection, self.key, self.request_sha256)
            if kept is not None:
                return self._replay(kept)
            made = await create(connection)
            body = (made.kept or made.body).model_dump_json().encode()
            answer = KeptAnswer(self.request_sha256, made.status, made.headers, body)
            await keep(connection, self.key, answer)
            return _response(made)

    def for_body(self, body_sha256: bytes) -> "Creation":
        """The same for a body that the endpoint read by itself, as of an upload."""
        return replace(self, request_sha256=sha256(self.request_sha256 + body_sha256).digest())

    def _replay(self, kept: KeptAnswer) -> Response:
        if kept.request_sha256 != self.request_sha256:
            raise IdempotencyKeyReusedError
        headers = {**kept.headers, "Idempotent-Replayed": "true"}
        return Response(kept.body, kept.status, headers, JSON)


def _response(made: Made) -> Response:
    return Response(made.body.model_dump_json(), made.status, dict(made.headers), JSON)


async def _creation(
    request: Request,
    database: Database,
    idempotency_key: Annotated[
        str | None,
        Header(
            alias="Idempotency-Key",
            min_length=1,
            max_length=255,
            pattern=r"^[\x20-\x7E]+$",
            description="Any text of your choice: the same request sent again with it, within a "
            "day, makes nothing new and gets the first answer, with `Idempotent-Replayed: true`. "
            "With another request it is 409.",
            examples=["2f1d7c1e-9f0a-4c35-8a57-0c1f3a1f6d11"],
        ),
    ] = None,
) -> Creation:
    if idempotency_key is None:
        return Creation(database, None, b"")
    caller = admitted(request)
    asked = f"{request.method} {request.url.path}\n".encode()
    if isinstance(request, StrictRequest):  # else the endpoint itself reads the body
        asked += await request.body()
    key = IdempotencyKey(caller.store_id, caller.key_id, idempotency_key)
    return Creation(database, key, sha256(asked).digest())


Once = Annotated[Creation, Depends(_creation)]
