"""Puts a whole shop into the stores at once, and asks a running service for ads."""

from __future__ import annotations

import urllib.parse
import urllib.request
from dataclasses import dataclass
from typing import TYPE_CHECKING

from service.commands import seed
from service.decision.terms import KeyKind
from service.store.keys import PUBLIC_SCOPES, SCOPES, create_key
from service.store.postgres import open_engine

if TYPE_CHECKING:
    from service.demo.merchants import DemoShop


@dataclass(frozen=True, slots=True)
class Keys:
    """The two keys of a store."""

    publishable: str
    secret: str


async def put_shop(database_url: str, shop: DemoShop) -> Keys:
    """Write a store with all that is in it, in one transaction."""
    engine = open_engine(database_url)
    store_id = shop.store.store_id
    async with engine.begin() as connection:
        await seed.put_shop(connection, shop)
        public = await create_key(connection, store_id, KeyKind.PUBLISHABLE, PUBLIC_SCOPES)
        secret = await create_key(connection, store_id, KeyKind.SECRET, SCOPES)
    await engine.dispose()
    return Keys(public[1], secret[1])


def ask_for_ads(port: int, key: str, body: str) -> bytes:
    """POST one request for ads. Returns the answer as it came."""
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}/v1/ads",
        body.encode(),
        {"Authorization": f"Bearer {key}", "Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=10) as response:  # noqa: S310 - our own address
        answer: bytes = response.read()
    return answer


def socket_path(redis_url: str) -> str:
    """The file of a `unix:///path?db=0` address."""
    return urllib.parse.unquote(urllib.parse.urlsplit(redis_url).path)
