"""Platforms: /v1/platforms. Nobody makes them; placements and campaigns name them."""

from fastapi import Response

from service.api.management.caller import Manager
from service.api.management.cursor import Page
from service.api.management.database import Database
from service.api.management.route import management_router
from service.api.schemas.placements import Platform, PlatformPage
from service.store.management.platforms import platforms_page

router = management_router("platforms")


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
