"""POST /v1/ads: what is asked and what is answered."""

from enum import StrEnum
from typing import Annotated, Self

from pydantic import AwareDatetime, Field, StringConstraints, model_validator

from service.api.schemas.experiments import AssignedArm
from service.api.schemas.explanations import Explanation
from service.api.schemas.resource import example_of
from service.api.schemas.sponsored_ads import SponsoredAd
from service.api.schemas.wire import NAME, PRINTABLE, ProductId, User, Wire, Word


class Device(StrEnum):
    """What the shopper holds."""

    DESKTOP = "desktop"
    MOBILE = "mobile"
    TABLET = "tablet"
    APP = "app"


class PageContext(Wire):
    """Where the ads will stand."""

    page: Annotated[
        str | None,
        Field(
            max_length=2_048,
            pattern=PRINTABLE,
            description="Address of the page that asks.",
            examples=["https://shop.example/search?q=running+shoes"],
        ),
    ] = None
    device: Annotated[
        Device | None, Field(description="What the shopper holds.", examples=["mobile"])
    ] = None
    geo: Annotated[
        str | None,
        Field(
            max_length=16,
            pattern=r"^[A-Z]{2}(-[A-Z0-9]{1,3})?$",
            description="Country, and region if known (ISO 3166).",
            examples=["DE-BE"],
        ),
    ] = None
    locale: Annotated[
        str | None,
        Field(
            max_length=35,
            pattern=r"^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$",
            description="Language of the page (BCP 47).",
            examples=["en-GB"],
        ),
    ] = None


PlacementName = Annotated[
    str,
    StringConstraints(min_length=1, max_length=64, pattern=NAME),
    Field(description="The named area of the page.", examples=["search_top"]),
]
Slots = Annotated[
    int | None,
    Field(
        ge=1,
        le=50,
        description="How many ads are wanted; at most, and by default, as many as the placement "
        "has slots.",
        examples=[4],
    ),
]


class Area(Wire):
    """One of several areas of a page."""

    placement: PlacementName
    slots: Slots = None


class AdRequest(Wire):
    """Ask for ads to show beside one page of search results or of a category."""

    query: Annotated[
        Word | None,
        Field(
            description="What the shopper searched for. Either this or `category`.",
            examples=["running shoes"],
        ),
    ] = None
    category: Annotated[
        Word | None,
        Field(
            description="The category that the shopper looks at. Either this or `query`.",
            examples=["Shoes"],
        ),
    ] = None
    placement: Annotated[
        PlacementName | None,
        Field(
            description="The named area of the page. Either this or `placements`.",
            examples=["search_top"],
        ),
    ] = None
    slots: Slots = None
    placements: Annotated[
        tuple[Area, ...] | None,
        Field(
            min_length=1,
            max_length=8,
            description="Several areas of one page, filled in this order; no product stands in "
            "two of them. The answer then has `placements`.",
            examples=[[{"placement": "search_top", "slots": 2}]],
        ),
    ] = None
    user: Annotated[
        User,
        Field(
            description="Who the shopper is.",
            examples=[{"id": "u-1042", "session": "s-77aa", "consent": True}],
        ),
    ] = User()
    context: Annotated[
        PageContext,
        Field(
            description="The page that asks, and what it is seen on.",
            examples=[{"device": "mobile", "geo": "DE", "locale": "en-GB"}],
        ),
    ] = PageContext()
    exclude: Annotated[
        tuple[ProductId, ...],
        Field(
            max_length=200,
            description="Products that must not be advertised.",
            examples=[["100017"]],
        ),
    ] = ()
    organic_ids: Annotated[
        tuple[ProductId, ...],
        Field(
            max_length=200,
            description="Products that the page shows anyway; their ads stay out.",
            examples=[["100001", "100002"]],
        ),
    ] = ()
    timeout_ms: Annotated[
        int,
        Field(
            ge=1,
            le=10_000,
            description="Answer within this time, with less if need be: see `degraded`.",
            examples=[100],
        ),
    ] = 100
    explain: Annotated[
        bool,
        Field(description="Add prices, scores and timings. Needs a secret key.", examples=[False]),
    ] = False

    @model_validator(mode="after")
    def _asks_for_one_thing(self) -> Self:
        if (self.query is None) == (self.category is None):
            both = "both" if self.query is not None else "neither"
            message = f"give either query or category; {both} was given"
            raise ValueError(message)
        if (self.placement is None) == (self.placements is None):
            both = "both" if self.placement is not None else "neither"
            message = f"give either placement or placements; {both} was given"
            raise ValueError(message)
        if self.placements is not None:
            self._check_areas(self.placements)
        return self

    def _check_areas(self, areas: tuple[Area, ...]) -> None:
        if self.slots is not None:
            message = f"slots stands inside placements; {self.slots} was given beside them"
            raise ValueError(message)
        names = [area.placement for area in areas]
        if len(set(names)) < len(names):
            twice = next(name for name in names if names.count(name) > 1)
            message = f"placement {twice!r} was given twice"
            raise ValueError(message)


class AdResponse(Wire):
    """The ads to show. No ads is a good answer: then `no_fill_reason` says why."""

    request_id: Annotated[
        str,
        Field(
            description="Id of this decision.", examples=["req_019a5e7c5d2f7c3e8f1b2a3c4d5e6f70"]
        ),
    ]
    ads: Annotated[
        tuple[SponsoredAd, ...],
        Field(description="From the top slot down.", examples=[[]]),
    ]
    experiments: Annotated[
        tuple[AssignedArm, ...],
        Field(
            description="The arms of running experiments that this shopper is in; none where "
            "neither shopper nor session is known, which takes consent.",
            examples=[[example_of(AssignedArm)]],
        ),
    ]
    no_fill_reason: Annotated[
        str | None,
        Field(description="Why there are no ads, if there are none.", examples=["no_match"]),
    ]
    degraded: Annotated[
        tuple[str, ...],
        Field(
            description="Parts that were done without: no_profile, linear_rank, "
            "plain_titles, no_decision, no_snapshot.",
            examples=[["no_profile"]],
        ),
    ]
    took_ms: Annotated[
        float, Field(ge=0, description="Time taken in the service.", examples=[0.62])
    ]
    expires_at: Annotated[
        AwareDatetime,
        Field(
            strict=False,
            description="Clicks after this lead on but are not charged.",
            examples=["2026-01-31T12:00:00Z"],
        ),
    ]
    explain: Annotated[
        Explanation | None,
        Field(description="Only with a secret key and `explain`.", examples=[None]),
    ] = None


class AreaResponse(AdResponse):
    """The ads of one of several areas."""

    placement: Annotated[
        str, Field(description="The named area of the page.", examples=["search_top"])
    ]


class PageResponse(Wire):
    """The ads of several areas of a page, in the order asked for."""

    placements: Annotated[
        tuple[AreaResponse, ...],
        Field(
            description="An answer for each area.",
            examples=[
                [
                    {
                        "placement": "search_top",
                        "request_id": "req_019a5e7c5d2f7c3e8f1b2a3c4d5e6f70",
                        "ads": [],
                        "experiments": [],
                        "no_fill_reason": "no_keyword_match",
                        "degraded": [],
                        "took_ms": 0.62,
                        "expires_at": "2026-01-31T12:00:00Z",
                    }
                ]
            ],
        ),
    ]
    took_ms: Annotated[
        float, Field(ge=0, description="Time taken in the service.", examples=[0.62])
    ]
