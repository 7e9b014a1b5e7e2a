"""Campaigns: a budget with dates, a bid and platforms."""

from typing import Annotated, ClassVar

from pydantic import AwareDatetime, Field

from service.api.schemas.campaign_terms import (
    AttributionDays,
    Cap,
    DailyBudget,
    Pacing,
    PaidFor,
    Schedule,
    TargetRoas,
    ViewThroughHours,
    Zone,
)
from service.api.schemas.resource import (
    MOST_MICROS,
    UNCHANGED,
    Change,
    Id,
    Moment,
    PageOf,
    Resource,
    Title,
    example_of,
)
from service.api.schemas.wire import Wire
from service.decision.terms import CampaignStatus, Pricing
from service.store.campaign_terms import CampaignPacing

MOST_PLATFORMS_NAMED = 32

Name = Annotated[Title, Field(description="What people call it.", examples=["Desk lamps"])]
Bid = Annotated[
    int,
    Field(
        gt=0,
        le=MOST_MICROS,
        description="The most that one of what it pays for may cost, in micros: a click, a "
        "single impression or an order, as `pricing` says.",
        examples=[300_000],
    ),
]
Budget = Annotated[
    int,
    Field(
        gt=0,
        le=MOST_MICROS,
        description="The most that it may spend in all, in micros. Never below what is spent.",
        examples=[100_000_000],
    ),
]
StartsAt = Annotated[
    Moment | None,
    Field(
        description="When it begins (RFC 3339, with a zone); null is at once.",
        examples=["2026-11-22T00:00:00Z"],
    ),
]
EndsAt = Annotated[
    Moment | None,
    Field(
        description="When it ends, after `starts_at`; null is never.",
        examples=["2026-12-24T00:00:00Z"],
    ),
]
Platforms = Annotated[
    tuple[Title, ...],
    Field(
        max_length=MOST_PLATFORMS_NAMED,
        description="The platforms that it runs on; none named is all of them.",
        examples=[["web", "app"]],
    ),
]
Status = Annotated[
    CampaignStatus,
    Field(
        description="Only an active campaign spends. Paused and active change into each other; "
        "what has ended stays so.",
        examples=["paused"],
    ),
]
AdvertiserOf = Annotated[
    Id,
    Field(description="Whose it is.", examples=["adv_0193b2c4e5f67a8b9c0d1e2f3a4b5c6d"]),
]


class CampaignDraft(Wire):
    """A campaign to be made. It begins paused."""

    advertiser_id: AdvertiserOf
    name: Name
    bid_micros: Bid
    budget_micros: Budget
    starts_at: StartsAt = None
    ends_at: EndsAt = None
    platforms: Platforms = ()
    daily_budget_micros: DailyBudget = None
    time_zone: Zone = "UTC"
    schedule: Schedule = ()
    pricing: PaidFor = Pricing.CLICK
    pacing: Pacing = CampaignPacing.EVEN
    target_roas_ppm: TargetRoas = None
    frequency_cap: Cap = None
    attribution_days: AttributionDays = None
    view_through_hours: ViewThroughHours = None


class CampaignChange(Change):
    """What to change of a campaign."""

    name: Name = UNCHANGED
    status: Status = UNCHANGED
    bid_micros: Bid = UNCHANGED
    budget_micros: Budget = UNCHANGED
    starts_at: StartsAt = UNCHANGED
    ends_at: EndsAt = UNCHANGED
    platforms: Platforms = UNCHANGED
    daily_budget_micros: DailyBudget = UNCHANGED
    time_zone: Zone = UNCHANGED
    schedule: Schedule = UNCHANGED
    pricing: PaidFor = UNCHANGED
    pacing: Pacing = UNCHANGED
    target_roas_ppm: TargetRoas = UNCHANGED
    frequency_cap: Cap = UNCHANGED
    attribution_days: AttributionDays = UNCHANGED
    view_through_hours: ViewThroughHours = UNCHANGED


class Campaign(Resource):
    """A merchant's campaign. The ETag does not follow what it spends."""

    MOVING: ClassVar[frozenset[str]] = frozenset(
        {"spent_micros", "spent_today_micros", "updated_at"}
    )

    id: Annotated[
        str,
        Field(
            description="Names the campaign.", examples=["cmp_0193b2c4e5f67a8b9c0d1e2f3a4b5c6d"]
        ),
    ]
    advertiser_id: Annotated[
        str,
        Field(description="Whose it is.", examples=["adv_0193b2c4e5f67a8b9c0d1e2f3a4b5c6d"]),
    ]
    name: Annotated[str, Field(description="What people call it.", examples=["Desk lamps"])]
    status: Status
    bid_micros: Annotated[
        int,
        Field(
            description="The most that a click, single impression or order may cost, as `pricing` "
            "says, in micros.",
            examples=[300_000],
        ),
    ]
    budget_micros: Annotated[
        int, Field(description="The most that it may spend, in micros.", examples=[100_000_000])
    ]
    spent_micros: Annotated[
        int,
        Field(description="What it has paid so far, in micros.", examples=[2_400_000]),
    ]
    spent_today_micros: Annotated[
        int,
        Field(
            description="What it has paid for on this day of its `time_zone`, in micros.",
            examples=[300_000],
        ),
    ]
    starts_at: Annotated[
        AwareDatetime | None,
        Field(description="When it begins; null is at once.", examples=["2026-11-22T00:00:00Z"]),
    ]
    ends_at: Annotated[
        AwareDatetime | None,
        Field(description="When it ends; null is never.", examples=["2026-12-24T00:00:00Z"]),
    ]
    platforms: Annotated[
        tuple[str, ...],
        Field(
            description="The platforms that it runs on; none named is all.",
            examples=[["web", "app"]],
        ),
    ]
    daily_budget_micros: DailyBudget
    time_zone: Zone
    schedule: Schedule
    pricing: PaidFor
    pacing: Pacing
    target_roas_ppm: TargetRoas
    frequency_cap: Cap
    attribution_days: AttributionDays
    view_through_hours: ViewThroughHours
    created_at: Annotated[
        AwareDatetime,
        Field(description="When it was made.", examples=["2026-11-22T09:00:00Z"]),
    ]
    updated_at: Annotated[
        AwareDatetime,
        Field(description="When it was last changed.", examples=["2026-11-22T09:30:00Z"]),
    ]


class CampaignPage(PageOf[Campaign]):
    """A page of campaigns, in the order of their ids."""

    data: Annotated[
        tuple[Campaign, ...],
        Field(description="The campaigns.", examples=[[example_of(Campaign)]]),
    ]
