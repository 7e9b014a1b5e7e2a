"""Make, list and revoke API keys from the command line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from service.commands.imports import choose_store
from service.decision.terms import KeyKind
from service.store.keys import PUBLIC_SCOPES, SCOPES, create_key, list_keys, revoke_key
from service.store.postgres import open_engine

if TYPE_CHECKING:
    from collections.abc import Sequence

    from service.decision.terms import ApiKey


async def make_key(
    database_url: str,
    store_id: str | None,
    kind: str,
    scopes: Sequence[str],
    origins: Sequence[str] = (),
    advertiser_id: str | None = None,
) -> tuple[str, str]:
    """Make a key with `scopes`, or all that its kind may have; returns (id, the key itself)."""
    chosen = scopes or (PUBLIC_SCOPES if kind == KeyKind.PUBLISHABLE else SCOPES)
    engine = open_engine(database_url)
    try:
        async with engine.begin() as connection:
            store = await choose_store(connection, store_id)
            return await create_key(
                connection, store.store_id, kind, chosen, origins, advertiser_id
            )
    finally:
        await engine.dispose()


async def all_keys(database_url: str, store_id: str | None) -> list[ApiKey]:
    """The store's keys that are in force."""
    engine = open_engine(database_url)
    try:
        async with engine.connect() as connection:
            store = await choose_store(connection, store_id)
            return await list_keys(connection, store.store_id)
    finally:
        await engine.dispose()


async def end_key(database_url: str, store_id: str | None, key_id: str) -> bool:
    """Revoke a key; returns whether there was one to revoke."""
    engine = open_engine(database_url)
    try:
        async with engine.begin() as connection:
            store = await choose_store(connection, store_id)
            return await revoke_key(connection, store.store_id, key_id)
    finally:
        await engine.dispose()
