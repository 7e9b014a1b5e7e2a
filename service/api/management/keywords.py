"""Keywords and negatives: /v1/campaigns/{campaign_id}/keywords."""

from typing import Annotated

from fastapi import Path, Response
from sqlalchemy import RowMapping
from sqlalchemy.ext.asyncio import AsyncConnection

from service.api.management.answers import Made, answer
from service.api.management.audit import Changed, record
from service.api.management.batch_items import batch_result
from service.api.management.caller import Caller, Manager
from service.api.management.campaigns import CampaignId, open_for_changes, seen
from service.api.management.cursor import Page
from service.api.management.database import Database
from service.api.management.etag import IfMatch
from service.api.management.idempotency import Once
from service.api.management.keyword_items import plain, sift_keywords, unusable, words_of
from service.api.management.route import management_router
from service.api.problems import responses
from service.api.schemas.batches import BatchResult
from service.api.schemas.keywords import (
    LONGEST,
    Keyword,
    KeywordBatch,
    KeywordChange,
    KeywordPage,
)
from service.api.schemas.resource import Id
from service.decision.terms import MatchType
from service.errors import (
    ConflictError,
    InvalidRequestError,
    NotFoundError,
    PreconditionFailedError,
)
from service.store.management.campaigns import get_campaign
from service.store.management.keywords import (
    KeywordRow,
    add_keywords,
    change_keyword,
    get_keyword,
    keywords_page,
    known_keywords,
    remove_keyword,
)

router = management_router("keywords")

KeywordId = Annotated[
    Id, Path(description="The keyword.", examples=["kw_0193b2c4e5f67a8b9c0d1e2f3a4b5c6d"])
]


@router.post(
    "/campaigns/{campaign_id}/keywords",
    summary="Add keywords",
    response_model=BatchResult,
    responses=responses(ConflictError),
)
async def create_keywords(
    campaign_id: CampaignId, batch: KeywordBatch, caller: Manager, once: Once
) -> Response:
    """Add 1 to 1000 keywords or negatives to a campaign; each has its own result.

    Good ones are kept even if others are refused. One that the campaign has already is 409.
    """

    async def create(connection: AsyncConnection) -> Made:
        campaign = await open_for_changes(connection, caller, campaign_id)
        outcomes = await sift_keywords(connection, campaign_id, batch)
        rows = [outcome for outcome in outcomes if isinstance(outcome, KeywordRow)]
        await add_keywords(connection, campaign_id, rows)
        owner = campaign.advertiser_id
        made = [_kept(campaign_id, row) for row in rows]
        await record(
            connection, caller, *(_changed("create", one, owner, after=one) for one in made)
        )
        told = [one.id if isinstance(one, KeywordRow) else one for one in outcomes]
        return Made(batch_result(told), status=200)

    return await once(create)


@router.get(
    "/campaigns/{campaign_id}/keywords", summary="List keywords", response_model=KeywordPage
)
async def list_keywords(
    campaign_id: CampaignId, caller: Manager, database: Database, page: Page
) -> Response:
    """List a campaign's keywords and negatives, in the order of their ids."""
    async with database.begin() as connection:
        seen(await get_campaign(connection, caller.store_id, campaign_id), caller, campaign_id)
        rows = await keywords_page(connection, campaign_id, after=page.after, limit=page.fetch)
    return page.answer(KeywordPage, [_shown(row) for row in rows], lambda one: one.id)


@router.get(
    "/campaigns/{campaign_id}/keywords/{keyword_id}", summary="One keyword", response_model=Keyword
)
async def read_keyword(
    campaign_id: CampaignId, keyword_id: KeywordId, caller: Manager, database: Database
) -> Response:
    """Show one keyword, with its ETag."""
    async with database.begin() as connection:
        row = await get_keyword(connection, caller.store_id, keyword_id)
    return answer(_found(row, caller, campaign_id, keyword_id))


@router.patch(
    "/campaigns/{campaign_id}/keywords/{keyword_id}",
    summary="Change a keyword",
    response_model=Keyword,
    responses=responses(ConflictError, PreconditionFailedError),
)
async def patch_keyword(
    campaign_id: CampaignId,
    keyword_id: KeywordId,
    change: KeywordChange,
    caller: Manager,
    database: Database,
    if_match: IfMatch,
) -> Response:
    """Change what is given. With `If-Match`, only if nobody changed it meanwhile."""
    async with database.begin() as connection:
        campaign = await open_for_changes(connection, caller, campaign_id)
        row = await get_keyword(connection, caller.store_id, keyword_id, lock=True)
        before = _found(row, caller, campaign_id, keyword_id)
        if_match.check(before)
        after = before.model_copy(update=_normal(change))
        if words_of(after) != words_of(before):
            await _require_new(connection, after)
            text, match_type, negative = words_of(after)
            values = {"text": text, "match_type": match_type, "negative": negative}
            await change_keyword(connection, keyword_id, values)
        changed = _changed("change", after, campaign.advertiser_id, before, after)
        await record(connection, caller, changed)
    return answer(after)


@router.delete(
    "/campaigns/{campaign_id}/keywords/{keyword_id}",
    summary="Remove a keyword",
    status_code=204,
    responses=responses(PreconditionFailedError),
)
async def delete_keyword(
    campaign_id: CampaignId,
    keyword_id: KeywordId,
    caller: Manager,
    database: Database,
    if_match: IfMatch,
) -> Response:
    """Remove one keyword."""
    async with database.begin() as connection:
        row = await get_keyword(connection, caller.store_id, keyword_id, lock=True)
        before = _found(row, caller, campaign_id, keyword_id)
        if_match.check(before)
        await remove_keyword(connection, keyword_id)
        owner = row["advertiser_id"] if row else None
        await record(connection, caller, _changed("delete", before, owner, before))
    return Response(status_code=204)


def _normal(change: KeywordChange) -> dict[str, object]:
    given = change.given()
    if "text" in given:
        given["text"] = plain(change.text)
        if not 1 <= len(given["text"]) <= LONGEST:
            raise InvalidRequestError([unusable(change.text)], 1)
    return given


async def _require_new(connection: AsyncConnection, keyword: Keyword) -> None:
    known = await known_keywords(connection, keyword.campaign_id, [keyword.text])
    if words_of(keyword) in known:
        raise ConflictError(f"the campaign has the keyword {keyword.text!r} already")


def _kept(campaign_id: str, row: KeywordRow) -> Keyword:
    return Keyword(
        id=row.id,
        campaign_id=campaign_id,
        text=row.text,
        match_type=MatchType(row.match_type),
        negative=row.negative,
    )


def _found(row: RowMapping | None, caller: Caller, campaign_id: str, keyword_id: str) -> Keyword:
    if row is None or row["campaign_id"] != campaign_id or not caller.sees(row["advertiser_id"]):
        raise NotFoundError("keyword", keyword_id)
    return _shown(row)


def _shown(row: RowMapping) -> Keyword:
    values = {name: row[name] for name in ("id", "campaign_id", "text", "negative")}
    return Keyword(**values, match_type=MatchType(row["match_type"]))


def _changed(
    action: str,
    of: Keyword,
    advertiser_id: str | None,
    before: Keyword | None = None,
    after: Keyword | None = None,
) -> Changed:
    return Changed("keyword", of.id, action, before, after, advertiser_id)
