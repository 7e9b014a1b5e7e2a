"""What the store decided and was told lately: /v1/activity."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from fastapi import Query, Response
from sqlalchemy import RowMapping

from service.api.management.answers import JSON
from service.api.management.database import Database
from service.api.management.reports import Reporter
from service.api.management.route import management_router
from service.api.schemas.activity import (
    Activity,
    AwardEvent,
    RecentAward,
    RecentDecision,
    RecentEvent,
)
from service.api.schemas.sponsored_ads import SellingPointScore
from service.store.management.activity import events_of_awards, last_decisions, last_events

router = management_router("reports")

MOST = 100

Limit = Annotated[
    int, Query(ge=1, le=MOST, description="How many of each at most.", examples=[20])
]


@router.get("/activity", summary="What happened lately", response_model=Activity)
async def read_activity(caller: Reporter, database: Database, limit: Limit = 20) -> Response:
    """Show the last decisions, with what became of their ads, and the last events to arrive.

    Both stand here within about a second. Who the shoppers are is not said. Of a store with more
    than a few hundred events a second, events that come late after their ad was shown may be
    missing. Takes a key of the whole store.
    """
    caller.require_whole_store()
    async with database.begin() as connection:
        decided = await last_decisions(connection, caller.store_id, limit)
        became = await events_of_awards(
            connection, caller.store_id, [row["ts"] for row in decided]
        )
        told = await last_events(connection, caller.store_id, limit)
    by_impression = _by_impression(became)
    activity = Activity(
        decisions=tuple(_decision(row, by_impression) for row in decided),
        events=tuple(RecentEvent(**row) for row in told),
    )
    return Response(activity.model_dump_json(), media_type=JSON)


_Became = Mapping[str, Sequence[AwardEvent]]


def _by_impression(rows: Sequence[RowMapping]) -> _Became:
    found: defaultdict[str, list[AwardEvent]] = defaultdict(list)
    for row in rows:
        found[row["impression_id"]].append(
            AwardEvent(
                type=row["type"],
                received_at=row["received_at"],
                invalid_reason=row["invalid_reason"],
            )
        )
    return found


def _decision(row: RowMapping, became: _Became) -> RecentDecision:
    payload = row["payload"]
    asked = payload["request"]
    return RecentDecision(
        request_id=payload["request_id"],
        at=row["ts"],
        query=asked["query"],
        category=asked["category"],
        placement=asked["placement"],
        personal=bool(row["personal"]),
        awards=tuple(_award(award, became) for award in payload["awards"]),
        no_fill_reason=payload["no_fill_reason"],
        degraded=tuple(payload["degraded"]),
        took_us=payload["took_us"],
    )


def _award(award: Mapping[str, Any], became: _Became) -> RecentAward:
    return RecentAward(
        slot=award["slot"],
        impression_id=award["impression_id"],
        ad_id=award["ad_id"],
        campaign_id=award["campaign_id"],
        product_id=award["product_id"],
        price_micros=award["price"],
        bid_micros=award["bid"],
        quality_ppm=award["quality_ppm"],
        reason=award["reason"],
        selling_points=tuple(SellingPointScore(**chosen) for chosen in award["chosen"]),
        events=tuple(became.get(award["impression_id"], ())),
    )
