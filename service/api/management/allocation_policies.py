"""How a budget is to be spread over platforms: /v1/campaigns/{campaign_id}/allocation."""

from fastapi import Response
from sqlalchemy.ext.asyncio import AsyncConnection

from service.api.management.allocation_rules import check_spec
from service.api.management.answers import answer
from service.api.management.audit import Changed, record
from service.api.management.caller import Manager
from service.api.management.campaigns import CampaignId, open_for_changes, seen
from service.api.management.database import Database
from service.api.management.etag import IfMatch
from service.api.management.route import management_router
from service.api.problems import responses
from service.api.schemas.allocations import AllocationPolicy, AllocationSpec, PlatformShare
from service.decision.plans import Mode, Policy
from service.decision.terms import PPM
from service.errors import ConflictError, NotFoundError, PreconditionFailedError
from service.store.allocations import campaign_to_allocate, lift_limits
from service.store.management.allocations import get_policy, put_policy, remove_policy
from service.store.management.campaigns import get_campaign

router = management_router("allocations")


@router.get(
    "/campaigns/{campaign_id}/allocation",
    summary="How a budget is spread",
    response_model=AllocationPolicy,
)
async def read_allocation(
    campaign_id: CampaignId, caller: Manager, database: Database
) -> Response:
    """Show how a campaign's budget is spread over platforms, with its ETag; 404 if it is not."""
    async with database.begin() as connection:
        seen(await get_campaign(connection, caller.store_id, campaign_id), caller, campaign_id)
        return answer(_existing(await _shown(connection, campaign_id), campaign_id))


@router.put(
    "/campaigns/{campaign_id}/allocation",
    summary="Spread a budget over platforms",
    response_model=AllocationPolicy,
    responses={
        201: {"model": AllocationPolicy, "description": "It was not spread before"},
        **responses(ConflictError, PreconditionFailedError),
    },
)
async def put_allocation(
    campaign_id: CampaignId,
    spec: AllocationSpec,
    caller: Manager,
    database: Database,
    if_match: IfMatch,
) -> Response:
    """Have each day's budget spread over the campaign's platforms; the next plan goes by it.

    A campaign's platforms are those that it names; if it names none, those of placements and
    those that it has results of. While it is active the worker plans within seconds, each day,
    every few hours, and at once when a platform changes.
    """
    async with database.begin() as connection:
        campaign = await open_for_changes(connection, caller, campaign_id)
        found = await campaign_to_allocate(connection, campaign_id)
        check_spec(spec, found.platforms if found else ())
        before = await _shown(connection, campaign_id)
        if_match.check(before)
        await put_policy(connection, campaign_id, _policy(spec))
        after = await _shown(connection, campaign_id)
        action, owner = ("change" if before else "create"), campaign.advertiser_id
        changed = Changed("allocation_policy", campaign_id, action, before, after, owner)
        await record(connection, caller, changed)
    response = answer(_existing(after, campaign_id))
    if before is None:
        response.status_code = 201
        response.headers["Location"] = f"/v1/campaigns/{campaign_id}/allocation"
    return response


@router.delete(
    "/campaigns/{campaign_id}/allocation",
    summary="Spread a budget no more",
    status_code=204,
    responses=responses(ConflictError, PreconditionFailedError),
)
async def delete_allocation(
    campaign_id: CampaignId, caller: Manager, database: Database, if_match: IfMatch
) -> Response:
    """Have the budget spread no more: from now on each platform may spend all that there is."""
    async with database.begin() as connection:
        campaign = await open_for_changes(connection, caller, campaign_id)
        before = _existing(await _shown(connection, campaign_id), campaign_id)
        if_match.check(before)
        await remove_policy(connection, campaign_id)
        await lift_limits(connection, campaign_id)
        owner = campaign.advertiser_id
        changed = Changed("allocation_policy", campaign_id, "delete", before, None, owner)
        await record(connection, caller, changed)
    return Response(status_code=204)


async def _shown(connection: AsyncConnection, campaign_id: str) -> AllocationPolicy | None:
    policy = await get_policy(connection, campaign_id)
    if policy is None:
        return None
    return AllocationPolicy(
        campaign_id=campaign_id,
        mode=policy.mode,
        goal=policy.goal,
        platforms=tuple(
            PlatformShare(
                platform=name,
                share_ppm=policy.shares.get(name),
                floor_ppm=policy.floors.get(name, 0),
                cap_ppm=policy.caps.get(name, PPM),
            )
            for name in sorted({*policy.shares, *policy.floors, *policy.caps})
        ),
        max_change_ppm=policy.max_change_ppm,
        explore=policy.explore,
    )


def _existing(policy: AllocationPolicy | None, campaign_id: str) -> AllocationPolicy:
    if policy is None:
        raise NotFoundError("allocation of the campaign", campaign_id)
    return policy


def _policy(spec: AllocationSpec) -> Policy:
    of = {one.platform: one for one in spec.platforms}
    fixed = spec.mode is Mode.FIXED
    return Policy(
        mode=spec.mode,
        goal=spec.goal,
        shares={name: one.share_ppm or 0 for name, one in of.items()} if fixed else {},
        floors={} if fixed else {name: one.floor_ppm for name, one in of.items()},
        caps={} if fixed else {name: one.cap_ppm for name, one in of.items()},
        max_change_ppm=spec.max_change_ppm,
        explore=spec.explore,
    )
