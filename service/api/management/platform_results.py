"""What platforms outside the shop report: /v1/platforms/{platform_name}/results."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from fastapi import Response
from sqlalchemy.ext.asyncio import AsyncConnection

from service.api.management.answers import Made
from service.api.management.audit import Changed, record
from service.api.management.batch_items import Refused, batch_result
from service.api.management.caller import Caller, Manager
from service.api.management.hour_items import campaigns_in, sift_hours
from service.api.management.idempotency import Once
from service.api.management.platforms import Name
from service.api.management.route import management_router
from service.api.problems import responses
from service.api.schemas.batches import BatchResult
from service.api.schemas.platform_results import ResultsBatch, ResultsNote
from service.errors import ConflictError, NotFoundError
from service.store.management.platforms import (
    Known,
    Reach,
    known_platform,
    reach_of_campaigns,
)
from service.store.platform_results import HourResult, put_results

router = management_router("platforms")


@router.post(
    "/platforms/{platform_name:path}/results",
    summary="Report what a platform cost and brought",
    response_model=BatchResult,
    responses=responses(ConflictError),
)
async def report_results(
    platform_name: Name, batch: ResultsBatch, caller: Manager, once: Once
) -> Response:
    """Tell what hours on a platform outside the shop cost and brought; each has its own result.

    Good ones are kept even if others are refused. An hour that is told again replaces what was
    told of it before. The platform is one that a campaign names; those of placements tell by
    their own events.
    """

    async def keep(connection: AsyncConnection) -> Made:
        await _require_outside(connection, caller, platform_name)
        reach = await reach_of_campaigns(
            connection, caller.store_id, caller.advertiser_id, campaigns_in(batch)
        )
        outcomes = sift_hours(caller, platform_name, batch, reach)
        kept = [one for one in outcomes if isinstance(one, HourResult)]
        await put_results(connection, caller.store_id, kept, "reported")
        await record(connection, caller, *_notes(kept, reach))
        told = [one if isinstance(one, Refused) else None for one in outcomes]
        return Made(batch_result(told), status=200)

    return await once(keep)


async def _require_outside(connection: AsyncConnection, caller: Caller, name: str) -> None:
    known = await known_platform(connection, caller.store_id, caller.advertiser_id, name)
    if known is Known.NO:
        raise NotFoundError("platform", name)
    if known is Known.PLACED:
        raise ConflictError(
            f"placements of the store stand on {name!a}: its results are counted from its own"
            " events, so there is nothing to report"
        )


def _notes(kept: Sequence[HourResult], reach: Mapping[str, Reach]) -> Iterator[Changed]:
    """One entry a campaign, which its merchant may read."""
    by_campaign: defaultdict[str | None, list[HourResult]] = defaultdict(list)
    for one in kept:
        by_campaign[one.campaign_id].append(one)
    for campaign_id, rows in by_campaign.items():
        hours = [one.hour for one in rows]
        note = ResultsNote(
            campaign_id=campaign_id,
            hours=len(rows),
            first_hour=min(hours),
            last_hour=max(hours),
            spend_micros=sum(one.spend for one in rows),
        )
        owner = reach[campaign_id].advertiser_id if campaign_id else None
        yield Changed("platform", rows[0].platform, "report", None, note, owner)
