"""Ads: /v1/campaigns/{campaign_id}/ads and /v1/ads/{ad_id}. POST /v1/ads serves them."""

from typing import Annotated

from fastapi import Path, Query, Response
from sqlalchemy import RowMapping
from sqlalchemy.ext.asyncio import AsyncConnection

from service.api.management.ad_items import sift_ads
from service.api.management.answers import Made, answer
from service.api.management.audit import Changed, record
from service.api.management.batch_items import batch_result
from service.api.management.caller import Caller, Manager
from service.api.management.campaigns import CampaignId, open_for_changes
from service.api.management.cursor import Page
from service.api.management.database import Database
from service.api.management.etag import IfMatch
from service.api.management.idempotency import Once
from service.api.management.route import management_router
from service.api.problems import responses
from service.api.schemas.batches import BatchResult
from service.api.schemas.campaign_ads import AdBatch, AdChange, CampaignAd, CampaignAdPage
from service.api.schemas.resource import Id
from service.decision.terms import Ad
from service.errors import ConflictError, NotFoundError, PreconditionFailedError
from service.store.management.ads import add_ads, ads_page, change_ad, get_ad, remove_ad

router = management_router("campaign ads")

AdId = Annotated[Id, Path(description="The ad.", examples=["ad_0193b2c4e5f67a8b9c0d1e2f3a4b5c6d"])]
OfCampaign = Annotated[
    Id | None,
    Query(description="Only this campaign's.", examples=["cmp_0193b2c4e5f67a8b9c0d1e2f3a4b5c6d"]),
]
OfProduct = Annotated[
    str | None,
    Query(
        min_length=1,
        max_length=128,
        pattern=r"^[^\x00-\x1F]+$",
        description="Only those of this product.",
        examples=["100001"],
    ),
]


@router.post(
    "/campaigns/{campaign_id}/ads",
    summary="Make ads",
    response_model=BatchResult,
    responses=responses(ConflictError),
)
async def create_ads(
    campaign_id: CampaignId, batch: AdBatch, caller: Manager, once: Once
) -> Response:
    """Make 1 to 1000 ads in a campaign, one a product; each has its own result.

    Good ones are kept even if others are refused. A product that the campaign advertises
    already is 409.
    """

    async def create(connection: AsyncConnection) -> Made:
        campaign = await open_for_changes(connection, caller, campaign_id)
        outcomes = await sift_ads(connection, caller.store_id, campaign_id, batch)
        ads = [outcome for outcome in outcomes if isinstance(outcome, Ad)]
        await add_ads(connection, caller.store_id, ads)
        owner = campaign.advertiser_id
        changes = [_changed("create", one, owner, after=one) for one in map(_made, ads)]
        await record(connection, caller, *changes)
        told = [one.ad_id if isinstance(one, Ad) else one for one in outcomes]
        return Made(batch_result(told), status=200)

    return await once(create)


@router.get("/ads", summary="List ads", response_model=CampaignAdPage)
async def list_ads(
    caller: Manager,
    database: Database,
    page: Page,
    campaign_id: OfCampaign = None,
    product_id: OfProduct = None,
) -> Response:
    """List ads, in the order of their ids; a merchant sees its own."""
    asked = {
        "campaign_id": campaign_id,
        "product_id": product_id,
        "advertiser_id": caller.advertiser_id,
    }
    only = {name: value for name, value in asked.items() if value is not None}
    async with database.begin() as connection:
        rows = await ads_page(
            connection, caller.store_id, only, after=page.after, limit=page.fetch
        )
    return page.answer(CampaignAdPage, [_shown(row) for row in rows], lambda one: one.id)


@router.get("/ads/{ad_id}", summary="One ad", response_model=CampaignAd)
async def read_ad(ad_id: AdId, caller: Manager, database: Database) -> Response:
    """Show one ad, with its ETag."""
    async with database.begin() as connection:
        row = await get_ad(connection, caller.store_id, ad_id)
    return answer(_found(row, caller, ad_id))


@router.patch(
    "/ads/{ad_id}",
    summary="Change an ad",
    response_model=CampaignAd,
    responses=responses(ConflictError, PreconditionFailedError),
)
async def patch_ad(
    ad_id: AdId, change: AdChange, caller: Manager, database: Database, if_match: IfMatch
) -> Response:
    """Change what is given. With `If-Match`, only if nobody changed it meanwhile."""
    given = change.given()
    async with database.begin() as connection:
        row = await get_ad(connection, caller.store_id, ad_id, lock=True)
        before = _found(row, caller, ad_id)
        if_match.check(before)
        after = before.model_copy(update=given)
        if after != before:
            await change_ad(connection, ad_id, given)
        owner = row["advertiser_id"] if row else None
        await record(connection, caller, _changed("change", after, owner, before, after))
    return answer(after)


@router.delete(
    "/ads/{ad_id}",
    summary="Delete an ad",
    status_code=204,
    responses=responses(PreconditionFailedError),
)
async def delete_ad(
    ad_id: AdId, caller: Manager, database: Database, if_match: IfMatch
) -> Response:
    """Delete one ad. What its clicks cost stays on its campaign's record."""
    async with database.begin() as connection:
        row = await get_ad(connection, caller.store_id, ad_id, lock=True)
        before = _found(row, caller, ad_id)
        if_match.check(before)
        await remove_ad(connection, ad_id)
        owner = row["advertiser_id"] if row else None
        await record(connection, caller, _changed("delete", before, owner, before))
    return Response(status_code=204)


def _found(row: RowMapping | None, caller: Caller, ad_id: str) -> CampaignAd:
    if row is None or not caller.sees(row["advertiser_id"]):
        raise NotFoundError("ad", ad_id)
    return _shown(row)


def _shown(row: RowMapping) -> CampaignAd:
    return CampaignAd(**{name: row[name] for name in CampaignAd.model_fields})


def _made(ad: Ad) -> CampaignAd:
    return CampaignAd(
        id=ad.ad_id,
        campaign_id=ad.campaign_id,
        product_id=ad.product_id,
        bid_micros=ad.bid,
        active=ad.active,
    )


def _changed(
    action: str,
    of: CampaignAd,
    advertiser_id: str | None,
    before: CampaignAd | None = None,
    after: CampaignAd | None = None,
) -> Changed:
    return Changed("ad", of.id, action, before, after, advertiser_id)
