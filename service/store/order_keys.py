"""Hashes that stand for the numbers of orders: those may hold a shopper's id."""

from __future__ import annotations

from dataclasses import replace
from hashlib import sha256
from typing import TYPE_CHECKING, Final

from sqlalchemy import text

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection

    from service.store.events import Event

ORDER_KEY: Final = (
    # an erased shopper's orders stand there as this hash already
    "CASE WHEN e.order_id ~ '^erased_[0-9a-f]{64}$' THEN substr(e.order_id, 8)"
    " ELSE encode(sha256(stores.salt || convert_to(e.order_id, 'UTF8')), 'hex') END"
)
"""The hash of the order of event `e`, in SQL: it names nobody, and stays the same for ever."""

_SALTS: Final = text("SELECT id, salt FROM stores WHERE id = ANY(:stores)")


async def with_hashed_returns(connection: AsyncConnection, events: list[Event]) -> list[Event]:
    """`events`, returns under the hashes of their order's number and their own.

    A return tells of no shopper, so an erasure could not find it.
    """
    stores = {one.store_id for one in events if one.type == "return"}
    if not stores:
        return events
    found = await connection.execute(_SALTS, {"stores": sorted(stores)})
    salts = {row.id: row.salt for row in found}
    return [_hashed(one, salts) if one.type == "return" else one for one in events]


def _hashed(event: Event, salts: dict[str, bytes]) -> Event:
    salt, order_id = salts.get(event.store_id), event.order_id
    if salt is None or order_id is None:
        return event
    masked = _mask(order_id, salt)
    back = _mask(str(event.payload.get("return_id", "")), salt)
    key = f"{masked}/{event.line}/{back}"
    return replace(event, order_id=masked, event_key=key, payload={"return_id": back})


def _mask(text: str, salt: bytes) -> str:
    return f"erased_{sha256(salt + text.encode()).hexdigest()}"
