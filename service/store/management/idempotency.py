"""Answers to creating requests, kept for a day, so that a repeat gets the same answer."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import and_, select, text, update

from service.store.management_tables import idempotency_keys

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import ColumnElement
    from sqlalchemy.ext.asyncio import AsyncConnection

_CLAIM: Final = text(
    "INSERT INTO idempotency_keys (store_id, key_id, idempotency_key, request_sha256)"
    " VALUES (:store_id, :key_id, :idempotency_key, :request_sha256)"
    " ON CONFLICT (store_id, key_id, idempotency_key) DO UPDATE"
    " SET request_sha256 = excluded.request_sha256, created_at = now()"
    " WHERE idempotency_keys.created_at < now() - interval '1 day' RETURNING 1"
)
_FORGET: Final = text(  # a few at a time, so that no request waits for it
    "DELETE FROM idempotency_keys WHERE (store_id, key_id, idempotency_key) IN ("
    " SELECT store_id, key_id, idempotency_key FROM idempotency_keys"
    " WHERE created_at < now() - interval '2 days' LIMIT 10 FOR UPDATE SKIP LOCKED)"
)


@dataclass(frozen=True, slots=True)
class IdempotencyKey:
    """A caller's Idempotency-Key, and what it is unique within: its store and its API key."""

    store_id: str
    key_id: str
    idempotency_key: str

    def here(self) -> ColumnElement[bool]:
        """The row of this key."""
        columns = idempotency_keys.c
        return and_(*(columns[name] == value for name, value in asdict(self).items()))


@dataclass(frozen=True, slots=True)
class KeptAnswer:
    """The first answer, and the SHA-256 of the request that it was given to."""

    request_sha256: bytes
    status: int
    headers: Mapping[str, str]
    body: bytes


async def claim(
    connection: AsyncConnection, key: IdempotencyKey, request_sha256: bytes
) -> KeptAnswer | None:
    """The answer kept under `key`; None if there is none, and `key` is now the caller's.

    Waits while another transaction holds the same key: that one leaves an answer, or frees it.
    """
    await connection.execute(_FORGET)
    values: dict[str, Any] = {**asdict(key), "request_sha256": request_sha256}
    if (await connection.execute(_CLAIM, values)).first() is not None:
        return None
    columns = idempotency_keys.c
    statement = select(columns.request_sha256, columns.status, columns.headers, columns.body)
    return KeptAnswer(*(await connection.execute(statement.where(key.here()))).one())


async def keep(connection: AsyncConnection, key: IdempotencyKey, answer: KeptAnswer) -> None:
    """Keep `answer` under `key`, which was claimed in the same transaction."""
    values = {"status": answer.status, "headers": dict(answer.headers), "body": answer.body}
    await connection.execute(update(idempotency_keys).where(key.here()).values(values))
