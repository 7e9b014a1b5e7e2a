"""Placements, and the platforms that they stand on."""

from __future__ import annotations

from itertools import pairwise
from typing import Annotated, ClassVar

from pydantic import Field, StringConstraints, field_validator

from service.api.schemas.resource import MOST_MICROS, PageOf, Resource, Title, example_of
from service.api.schemas.wire import NAME, Wire
from service.decision.terms import PPM, AuctionRule, PhrasePosition, PhraseStyle

RELEVANCE_FLOOR_PPM = 150_000
"""What a placement asks for that says nothing: measured, see docs/adr/0017-relevance-floor.md."""

PlacementName = Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=NAME)]
Style = Annotated[
    PhraseStyle,
    Field(
        description="What to do with a selling point that stands in the title already: mark it "
        "there, or bring it to the front.",
        examples=["in_place"],
    ),
]
Position = Annotated[
    PhrasePosition,
    Field(
        description="Where selling points stand that the title does not say already: before it, "
        "or after it.",
        examples=["prefix"],
    ),
]
Rule = Annotated[
    AuctionRule,
    Field(
        description="What a click costs: `gsp`, the least that keeps the ad's place over the "
        "next; `vcg`, what its being there costs all others; `first`, its bid.",
        examples=["gsp"],
    ),
]
Squash = Annotated[
    int,
    Field(
        ge=0,
        le=PPM,
        strict=True,
        description="The power, in parts per million, that P(click) is raised to before it "
        "weighs a bid: 1,000,000 leaves it as it is, 0 ranks by bids alone.",
        examples=[PPM],
    ),
]
Floor = Annotated[
    int,
    Field(
        ge=0,
        le=PPM,
        strict=True,
        description="The least share of the query's words, by weight, that an ad's product must "
        "have in its title, brand or category to be shown at any bid, in parts per million; 0 for "
        "no floor. Requests by category have none.",
        examples=[RELEVANCE_FLOOR_PPM],
    ),
]
Exposure = Annotated[
    tuple[Annotated[int, Field(ge=1, le=PPM, strict=True)], ...],
    Field(
        max_length=50,
        description="How many of a million shoppers look at each slot, from the top, never "
        "rising; slots past the last are seen as often as that, and all alike where there is "
        "none. Prices of `vcg` depend on it.",
        examples=[[PPM, 600_000, 400_000]],
    ),
]


class PlacementSpec(Wire):
    """A placement as a whole: what is left out takes its default."""

    platform: Annotated[
        Title, Field(description="The platform that it belongs to.", examples=["web"])
    ]
    slots: Annotated[
        int, Field(ge=1, le=50, description="How many ads it can show.", examples=[4])
    ]
    reserve_micros: Annotated[
        int,
        Field(
            ge=0,
            le=MOST_MICROS,
            description="The least that a click costs here, in micros; lower bids stay out.",
            examples=[50_000],
        ),
    ]
    title_limit: Annotated[
        int,
        Field(
            ge=10,
            le=500,
            description="The longest title, in characters as people count them. Where the "
            "platform asks for shorter ones, that holds.",
            examples=[150],
        ),
    ] = 150
    selling_point_cap: Annotated[
        int,
        Field(ge=0, le=10, description="How many selling points a title may show.", examples=[2]),
    ] = 2
    phrase_style: Style = PhraseStyle.IN_PLACE
    phrase_position: Position = PhrasePosition.PREFIX
    rule: Rule = AuctionRule.GSP
    squash_ppm: Squash = PPM
    relevance_floor_ppm: Floor = RELEVANCE_FLOOR_PPM
    exposure_ppm: Exposure = ()

    @field_validator("exposure_ppm")
    @classmethod
    def _falling(cls, shares: tuple[int, ...]) -> tuple[int, ...]:
        rising = next((pair for pair in pairwise(shares) if pair[0] < pair[1]), None)
        if rising:
            raise ValueError(
                f"a slot is seen by no more than the one above it; {rising[1]} comes below"
                f" {rising[0]}"
            )
        return shares


class Placement(Resource):
    """A named area of a page, on one platform."""

    name: Annotated[
        str, Field(description="What requests for ads call it.", examples=["search_top"])
    ]
    platform: Annotated[
        str, Field(description="The platform that it belongs to.", examples=["web"])
    ]
    slots: Annotated[int, Field(description="How many ads it can show.", examples=[4])]
    reserve_micros: Annotated[
        int, Field(description="The least that a click costs here, in micros.", examples=[50_000])
    ]
    title_limit: Annotated[
        int,
        Field(
            description="The longest title, unless the platform asks for shorter ones.",
            examples=[150],
        ),
    ]
    selling_point_cap: Annotated[
        int, Field(description="How many selling points a title may show.", examples=[2])
    ]
    phrase_style: Style
    phrase_position: Position
    rule: Rule
    squash_ppm: Squash
    relevance_floor_ppm: Floor
    exposure_ppm: Exposure


class PlacementPage(PageOf[Placement]):
    """A page of placements, in the order of their names."""

    data: Annotated[
        tuple[Placement, ...],
        Field(description="The placements.", examples=[[example_of(Placement)]]),
    ]


Limit = Annotated[
    int | None,
    Field(
        ge=10,
        le=500,
        description="The longest title anywhere on it, in characters as people count them; null "
        "for what each placement allows.",
        examples=[90],
    ),
]


class PlatformSpec(Wire):
    """What holds for all placements of a platform: what is left out is not limited."""

    title_limit: Limit = None


class Platform(Resource):
    """A channel that budgets are spent on; it exists by being named."""

    MOVING: ClassVar = frozenset({"placements", "campaigns"})

    name: Annotated[str, Field(description="What it is called.", examples=["web"])]
    placements: Annotated[int, Field(description="How many placements stand on it.", examples=[2])]
    campaigns: Annotated[
        int,
        Field(
            description="How many campaigns may run on it, by name or because they run on all; "
            "ended ones do not count.",
            examples=[12],
        ),
    ]
    title_limit: Limit


class PlatformPage(PageOf[Platform]):
    """A page of platforms, in the order of their names."""

    data: Annotated[
        tuple[Platform, ...],
        Field(description="The platforms.", examples=[[example_of(Platform)]]),
    ]
