"""Platforms: /v1/platforms. Nobody makes them; placements and campaigns name them."""

from typing import Annotated

from fastapi import Path, Response
from sqlalchemy.ext.asyncio import AsyncConnection

from service.api.management.answers import answer
from service.api.management.audit import Changed, record
from service.api.management.caller import Manager
from service.api.management.cursor import Page
from service.api.management.database import Database
from service.api.management.etag import IfMatch
from service.api.management.route import management_router
from service.api.problems import responses
from service.api.schemas.placements import Platform, PlatformPage, PlatformSpec
from service.api.schemas.resource import Title
from service.errors import NotFoundError, PreconditionFailedError
from service.store.management.platforms import get_platform, platforms_page, put_title_limit
from service.store.management.stores import lock_store

router = management_router("platforms")

Name = Annotated[Title, Path(description="The platform.", examples=["web"])]


@router.get("/platforms", summary="List platforms", response_model=PlatformPage)
async def list_platforms(caller: Manager, database: Database, page: Page) -> Response:
    """List the platforms in use, by name, with their placements and campaigns.

    A merchant is told of its own campaigns only.
    """
    async with database.begin() as connection:
        rows = await platforms_page(
            connection,
            caller.store_id,
            caller.advertiser_id,
            after=page.after,
            limit=page.fetch,
        )
    return page.answer(PlatformPage, [Platform(**row) for row in rows], lambda one: one.name)


@router.put(
    "/platforms/{platform_name:path}",
    summary="Say what holds on a platform",
    response_model=Platform,
    responses=responses(PreconditionFailedError),
)
async def put_platform(
    platform_name: Name, spec: PlatformSpec, caller: Manager, database: Database, if_match: IfMatch
) -> Response:
    """Say how long titles may be on a platform, whatever its placements allow.

    It holds within a second. Takes a key of the whole store.
    """
    caller.require_whole_store()
    async with database.begin() as connection:
        await lock_store(connection, caller.store_id)
        before = await _found(connection, caller.store_id, platform_name)
        if_match.check(before)
        after = before.model_copy(update={"title_limit": spec.title_limit})
        if after != before:
            await put_title_limit(connection, caller.store_id, platform_name, spec.title_limit)
        await record(
            connection, caller, Changed("platform", platform_name, "change", before, after)
        )
    return answer(after)


async def _found(connection: AsyncConnection, store_id: str, name: str) -> Platform:
    row = await get_platform(connection, store_id, name)
    if row is None:
        raise NotFoundError("platform", name)
    return Platform(**row)
