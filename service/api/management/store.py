"""The caller's store: /v1/store."""

from fastapi import Response
from sqlalchemy.ext.asyncio import AsyncConnection

from service.api.management.answers import answer
from service.api.management.audit import Changed, record
from service.api.management.caller import Manager
from service.api.management.database import Database
from service.api.management.etag import IfMatch
from service.api.management.route import management_router
from service.api.problems import responses
from service.api.schemas.stores import StoreChange, StoreTerms
from service.errors import PreconditionFailedError
from service.store.management.stores import change_store, get_store, lock_store

router = management_router("store")


@router.get("/store", summary="The caller's store", response_model=StoreTerms)
async def show_store(caller: Manager, database: Database) -> Response:
    """Tell what holds in the store that the key is of. Takes a key of the whole store."""
    caller.require_whole_store()
    async with database.begin() as connection:
        return answer(await _terms(connection, caller.store_id))


@router.patch(
    "/store",
    summary="Change what holds in the store",
    response_model=StoreTerms,
    responses=responses(PreconditionFailedError),
)
async def patch_store(
    change: StoreChange, caller: Manager, database: Database, if_match: IfMatch
) -> Response:
    """Say how long orders are owed, purchases remembered, and impressions waited for.

    It holds for what is recorded from then on. Takes a key of the whole store.
    """
    caller.require_whole_store()
    async with database.begin() as connection:
        await lock_store(connection, caller.store_id)
        before = await _terms(connection, caller.store_id)
        if_match.check(before)
        after = before.model_copy(update=change.given())
        if after != before:
            await change_store(connection, caller.store_id, change.given())
            changed = Changed("store", caller.store_id, "change", before, after)
            await record(connection, caller, changed)
    return answer(after)


async def _terms(connection: AsyncConnection, store_id: str) -> StoreTerms:
    return StoreTerms(**await get_store(connection, store_id))
