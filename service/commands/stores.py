"""Make stores from the command line: the one thing that needs a key before there is one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from service.commands.imports import choose_store
from service.errors import BadInputError
from service.store.catalogue import list_stores
from service.store.keys import create_key
from service.store.postgres import open_engine

if TYPE_CHECKING:
    from service.commands.imports import NewStore


async def make_store(database_url: str, new: NewStore) -> tuple[str, str]:
    """Make an empty store with the placement `search_top`; returns (its id, an admin key).

    Raises: BadInputError where there is a store of that name.
    """
    engine = open_engine(database_url)
    try:
        async with engine.begin() as connection:
            if new.name in {store.name for store in await list_stores(connection)}:
                raise BadInputError(
                    f"there is a store {new.name!r} already; `salient keys create` makes keys"
                )
            store = await choose_store(connection, None, new)
            _, key = await create_key(connection, store.store_id, "secret", ("admin",))
            return store.store_id, key
    finally:
        await engine.dispose()
