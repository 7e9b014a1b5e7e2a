"""What a campaign pays for, how it spends by the day and hour, and what it is credited with."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from service.api.schemas.resource import MOST_MICROS
from service.api.schemas.wire import Wire
from service.decision.terms import Pricing
from service.store.campaign_terms import (
    MOST_CAP_IMPRESSIONS,
    MOST_CAP_SECONDS,
    MOST_ROAS_PPM,
    MOST_SPANS,
    MOST_VIEW_THROUGH_HOURS,
    CampaignPacing,
)
from service.store.schedule import TIME_OF_DAY

DayName = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]


class Hours(Wire):
    """The same hours on some days of the week, in the campaign's zone."""

    model_config = ConfigDict(serialize_by_alias=True)

    days: Annotated[
        tuple[DayName, ...],
        Field(min_length=1, max_length=7, description="The days.", examples=[["mon", "tue"]]),
    ]
    start: Annotated[
        str,
        Field(
            alias="from",
            pattern=TIME_OF_DAY,
            description="When they begin, on each of the days.",
            examples=["08:00"],
        ),
    ]
    end: Annotated[
        str,
        Field(
            alias="to",
            pattern=TIME_OF_DAY,
            description="When they end; before `from`, it is on the next day. 24:00 is midnight.",
            examples=["20:00"],
        ),
    ]


class FrequencyCap(Wire):
    """How often one shopper may see the campaign's ads."""

    impressions: Annotated[
        int,
        Field(
            gt=0,
            le=MOST_CAP_IMPRESSIONS,
            description="At most so many impressions.",
            examples=[5],
        ),
    ]
    seconds: Annotated[
        int,
        Field(
            gt=0,
            le=MOST_CAP_SECONDS,
            description="In any so many seconds.",
            examples=[86_400],
        ),
    ]


DailyBudget = Annotated[
    int | None,
    Field(
        gt=0,
        le=MOST_MICROS,
        description="The most that it may spend on one day of its `time_zone`, in micros; null is "
        "as much as the total allows. Below what today has spent, it stops for today.",
        examples=[10_000_000],
    ),
]
Zone = Annotated[
    str,
    Field(
        min_length=1,
        max_length=64,
        description="The zone of its days and hours, by its IANA name. It stays once the campaign "
        "has charges.",
        examples=["Europe/Berlin"],
    ),
]
Schedule = Annotated[
    tuple[Hours, ...],
    Field(
        max_length=MOST_SPANS,
        description="When it runs, in its `time_zone`; none is always.",
        examples=[[{"days": ["mon", "tue"], "from": "08:00", "to": "20:00"}]],
    ),
]
PaidFor = Annotated[
    Pricing,
    Field(
        description="What it pays for, and so what `bid_micros` is the most for: one click, one "
        "single impression (not a thousand), or one order that an ad led to.",
        examples=["click"],
    ),
]
Pacing = Annotated[
    CampaignPacing,
    Field(
        description="`even` makes a day's budget last the day; `asap` bids in full until it is "
        "used up.",
        examples=["even"],
    ),
]
TargetRoas = Annotated[
    int | None,
    Field(
        gt=0,
        le=MOST_ROAS_PPM,
        description="The value of orders that a unit of money should bring, in millionths: "
        "4000000 is fourfold. Bids are lowered where it is missed; null is no target.",
        examples=[4_000_000],
    ),
]
Cap = Annotated[
    FrequencyCap | None,
    Field(
        description="How often one shopper may see its ads; null is without a cap.",
        examples=[{"impressions": 5, "seconds": 86_400}],
    ),
]
AttributionDays = Annotated[
    Literal[7, 14, 30] | None,
    Field(
        description="Orders within so many days of a click are credited to it; null is what the "
        "store has.",
        examples=[14],
    ),
]
ViewThroughHours = Annotated[
    int | None,
    Field(
        ge=0,
        le=MOST_VIEW_THROUGH_HOURS,
        description="Orders within so many hours of a view without a click are credited too; 0 is "
        "none, null is what the store has.",
        examples=[24],
    ),
]
