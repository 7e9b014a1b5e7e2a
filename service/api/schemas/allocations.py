"""How campaigns' budgets are spread over platforms: what is wanted, and the plans."""

from datetime import date
from enum import StrEnum
from typing import Annotated

from pydantic import AwareDatetime, Field

from service.api.schemas.resource import MOST_MICROS, PageOf, Resource, Title, example_of
from service.api.schemas.wire import Wire
from service.decision.bidding import MOST_PLATFORMS
from service.decision.plans import Mode
from service.decision.responses import Goal
from service.decision.terms import PPM


class Cause(StrEnum):
    """Why a plan was made."""

    PERIODIC = "periodic"
    SHOCK = "shock"
    ASKED = "asked"


HowShared = Annotated[
    Mode,
    Field(
        description="`auto` gives each platform what brings the most of the goal; `fixed` gives "
        "the shares that are named.",
        examples=["auto"],
    ),
]
WhatFor = Annotated[
    Goal, Field(description="What the budget is to bring most of.", examples=["clicks"])
]
Share = Annotated[int, Field(ge=0, le=PPM, strict=True)]


class PlatformShare(Wire):
    """What one platform is to have of each day's budget, in parts per million."""

    platform: Annotated[
        Title, Field(description="One that the campaign runs on.", examples=["web"])
    ]
    share_ppm: Annotated[
        Share | None,
        Field(
            description="Its share, of mode `fixed` alone; all together are 1,000,000.",
            examples=[None],
        ),
    ] = None
    floor_ppm: Annotated[
        Share, Field(description="At least so much, of mode `auto`.", examples=[100_000])
    ] = 0
    cap_ppm: Annotated[
        Share, Field(description="At most so much, of mode `auto`.", examples=[700_000])
    ] = PPM


Shares = Annotated[
    tuple[PlatformShare, ...],
    Field(
        max_length=MOST_PLATFORMS,
        description="Platforms of which something is said, each once. In mode `auto` the others "
        "are planned freely; in mode `fixed` they get nothing.",
        examples=[[example_of(PlatformShare)]],
    ),
]
MaxChange = Annotated[
    Share | None,
    Field(
        description="The most that a platform's share may move from one day to the next, in "
        "parts per million of the budget; null for any. It gives way where floors, caps or what "
        "is spent already ask for more.",
        examples=[200_000],
    ),
]
Explore = Annotated[
    bool,
    Field(
        description="Whether a little is spent on learning what platforms bring that were seldom "
        "tried, in mode `auto`.",
        examples=[True],
    ),
]


class AllocationSpec(Wire):
    """How a campaign's budget is to be spread: what is left out takes its default."""

    mode: HowShared = Mode.AUTO
    goal: WhatFor = Goal.CLICKS
    platforms: Shares = ()
    max_change_ppm: MaxChange = None
    explore: Explore = True


class AllocationPolicy(Resource):
    """How a campaign's budget is spread over its platforms."""

    campaign_id: Annotated[
        str,
        Field(description="The campaign.", examples=["cmp_0193b2c4e5f67a8b9c0d1e2f3a4b5c6d"]),
    ]
    mode: HowShared
    goal: WhatFor
    platforms: Shares
    max_change_ppm: MaxChange
    explore: Explore


class AllocationDraft(Wire):
    """A plan to be made for the campaign's day."""

    apply: Annotated[
        bool,
        Field(
            description="Whether it is to hold: its lines become what each platform may spend "
            "today. Else it is a preview, and nothing is kept.",
            examples=[False],
        ),
    ] = False
    budget_micros: Annotated[
        int | None,
        Field(
            ge=0,
            le=MOST_MICROS,
            description="What to spread, in micros; null is what the campaign may spend today. A "
            "plan that is to hold spreads no more than that.",
            examples=[10_000_000],
        ),
    ] = None


class AllocationLine(Wire):
    """What a plan gives one platform, and what came of it."""

    platform: Annotated[str, Field(description="The platform.", examples=["web"])]
    spend_micros: Annotated[
        int,
        Field(
            description="What it may spend that day, in micros; all lines add up to the budget, "
            "or to all caps where these are less.",
            examples=[6_000_000],
        ),
    ]
    share_ppm: Annotated[
        int, Field(description="Its share in parts per million.", examples=[600_000])
    ]
    predicted: Annotated[
        float, Field(description="How much of the goal the day is to bring.", examples=[41.5])
    ]
    predicted_sd: Annotated[
        float, Field(description="The standard deviation of that.", examples=[6.2])
    ]
    reason: Annotated[
        str,
        Field(
            description="Why, for programs: best_return, low_return, at_floor, at_cap, "
            "largest_change, already_spent, exploring, new_platform, no_spend_yet, no_history, "
            "only_platform, no_budget, fixed.",
            examples=["best_return"],
        ),
    ]
    detail: Annotated[
        str,
        Field(
            description="Why, for people.",
            examples=["the best return: one more unit of money would bring 3.1 clicks here"],
        ),
    ]
    spent_micros: Annotated[
        int, Field(description="What the day cost there so far.", examples=[5_400_000])
    ]
    actual: Annotated[
        int | None,
        Field(
            description="How much of the goal the day brought so far; null where nothing is told.",
            examples=[38],
        ),
    ]


class Allocation(Resource):
    """A day's budget as it is, or would be, spread over platforms."""

    id: Annotated[
        str | None,
        Field(
            description="Names the plan; null is a preview.",
            examples=["alc_0193b2c4e5f67a8b9c0d1e2f3a4b5c6d"],
        ),
    ]
    campaign_id: Annotated[
        str,
        Field(description="The campaign.", examples=["cmp_0193b2c4e5f67a8b9c0d1e2f3a4b5c6d"]),
    ]
    day: Annotated[
        date, Field(description="The day of the campaign's zone.", examples=["2026-11-22"])
    ]
    created_at: Annotated[
        AwareDatetime | None,
        Field(description="Since when it holds.", examples=["2026-11-22T00:00:04Z"]),
    ]
    cause: Annotated[
        Cause,
        Field(
            description="Why it was made: its time had come, a platform changed at once, or "
            "somebody asked.",
            examples=["periodic"],
        ),
    ]
    goal: WhatFor
    model: Annotated[
        str,
        Field(
            description="What foretold the answers of the platforms.",
            examples=["allocator@1:0a1b2c3d"],
        ),
    ]
    budget_micros: Annotated[int, Field(description="What is spread.", examples=[10_000_000])]
    dual_gap: Annotated[
        float,
        Field(
            description="By how much any other spread could beat it at most, as a share of the "
            "best, if the platforms answer as foretold.",
            examples=[0.0],
        ),
    ]
    platforms: Annotated[
        tuple[AllocationLine, ...],
        Field(description="A line for each platform.", examples=[[example_of(AllocationLine)]]),
    ]


class AllocationPage(PageOf[Allocation]):
    """A page of plans, newest first."""

    data: Annotated[
        tuple[Allocation, ...],
        Field(description="The plans.", examples=[[example_of(Allocation)]]),
    ]
