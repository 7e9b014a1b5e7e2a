"""POST /v1/ads: what is asked and what is answered."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Self

from pydantic import AwareDatetime, Field, StringConstraints, model_validator

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

    @property
    def areas(self) -> tuple[Area, ...]:
        """The areas to fill, one or several."""
        if self.placements is not None:
            return self.placements
        return (Area.model_construct(placement=self.placement, slots=self.slots),)


class TitlePart(Wire):
    """A run of the title. The parts, joined, are the text."""

    text: Annotated[str, Field(description="Plain text, never markup.", examples=["Waterproof"])]
    selling_point: Annotated[
        str | None,
        Field(
            description="Id of the selling point shown here. One that the title says with a small "
            "word or a number inside is shown in several parts.",
            examples=["sp_31c0"],
        ),
    ]
    highlight: Annotated[
        bool, Field(description="Whether to set this part off from the rest.", examples=[True])
    ]


class Title(Wire):
    """The title to show, in parts, so that no markup has to be parsed."""

    text: Annotated[
        str,
        Field(description="The whole title.", examples=["Waterproof - Trail Running Shoe"]),
    ]
    original: Annotated[
        str, Field(description="The catalogue's title.", examples=["Trail Running Shoe"])
    ]
    parts: Annotated[
        tuple[TitlePart, ...],
        Field(
            description="The title in order.",
            examples=[[{"text": "Waterproof", "selling_point": "sp_31c0", "highlight": True}]],
        ),
    ]


class SellingPointScore(Wire):
    """A selling point that was chosen, and how."""

    id: Annotated[str, Field(description="Id of the selling point.", examples=["sp_31c0"])]
    text: Annotated[str, Field(description="The phrase.", examples=["Waterproof"])]
    score: Annotated[
        float, Field(description="Predicted chance that it is liked.", examples=[0.31])
    ]
    propensity: Annotated[
        float, Field(description="The chance with which it was picked.", examples=[1.0])
    ]


class AdExplanation(Wire):
    """Why this ad stands here. Only with a secret key and `explain`."""

    price_micros: Annotated[
        int, Field(description="What a click costs, in micros.", examples=[240_000])
    ]
    bid_micros: Annotated[
        int, Field(description="What the campaign offered, in micros.", examples=[400_000])
    ]
    quality_ppm: Annotated[
        int,
        Field(description="Predicted click rate in parts per million.", examples=[41_200]),
    ]
    reason: Annotated[
        str,
        Field(
            description="How the title was made: personal, prior or plain.", examples=["personal"]
        ),
    ]
    selling_points: Annotated[
        tuple[SellingPointScore, ...],
        Field(
            description="The selling points in the title.",
            examples=[[{"id": "sp_31c0", "text": "Waterproof", "score": 0.31, "propensity": 1.0}]],
        ),
    ]


class SponsoredAd(Wire):
    """One slot, won. Show the label, load the impression URL, link to the click URL."""

    ad_id: Annotated[str, Field(description="Id of the ad.", examples=["ad_5be0c1"])]
    product_id: Annotated[str, Field(description="The shop's product.", examples=["100001"])]
    campaign_id: Annotated[str, Field(description="Id of the campaign.", examples=["cmp_9a1f"])]
    slot: Annotated[int, Field(ge=0, description="Position, 0 on top.", examples=[0])]
    title: Annotated[
        Title,
        Field(
            description="The title to show.",
            examples=[
                {
                    "text": "Waterproof - Trail Running Shoe",
                    "original": "Trail Running Shoe",
                    "parts": [
                        {"text": "Waterproof", "selling_point": "sp_31c0", "highlight": True}
                    ],
                }
            ],
        ),
    ]
    impression_id: Annotated[
        str,
        Field(
            description="Ties impression, view, click and conversion together.",
            examples=["imp_019a5e7c5d2f7c3e8f1b2a3c4d5e6f7000"],
        ),
    ]
    click_url: Annotated[
        str, Field(description="Link to this.", examples=["https://ads.example.com/c/AQK..."])
    ]
    impression_url: Annotated[
        str,
        Field(
            description="Load this when the ad is rendered.",
            examples=["https://ads.example.com/i/AQK....gif"],
        ),
    ]
    view_url: Annotated[
        str,
        Field(
            description="Load this when half of the ad was in view for a second.",
            examples=["https://ads.example.com/v/AQK....gif"],
        ),
    ]
    label: Annotated[str, Field(description="Must be shown with the ad.", examples=["Sponsored"])]
    explain: Annotated[
        AdExplanation | None,
        Field(
            description="Only with a secret key and `explain`.",
            examples=[None],
        ),
    ] = None


class Candidate(Wire):
    """How one ad stood in the auction."""

    ad_id: Annotated[str, Field(description="Id of the ad.", examples=["ad_5be0c1"])]
    product_id: Annotated[str, Field(description="The shop's product.", examples=["100001"])]
    lexical: Annotated[
        float, Field(description="How well the words of the query fit.", examples=[1.25])
    ]
    quality_ppm: Annotated[
        int, Field(description="Predicted click rate in parts per million.", examples=[41_200])
    ]
    bid_micros: Annotated[int, Field(description="What it offered.", examples=[400_000])]
    value: Annotated[
        int, Field(description="bid_micros times quality_ppm.", examples=[16_480_000_000])
    ]


class Explanation(Wire):
    """How the answer came about. Only with a secret key and `explain`."""

    snapshot: Annotated[
        str | None, Field(description="Version of the catalogue used.", examples=["00000042"])
    ]
    models: Annotated[
        tuple[str, ...],
        Field(description="Models used.", examples=[["ranker@1:0f3a91bc"]]),
    ]
    seed: Annotated[int, Field(description="Seed of all random draws.", examples=[81_985_529])]
    candidates: Annotated[int, Field(description="How many ads were considered.", examples=[87])]
    filtered: Annotated[
        dict[str, int],
        Field(description="How many ads each filter removed.", examples=[{"out_of_stock": 3}]),
    ]
    auction: Annotated[
        tuple[Candidate, ...],
        Field(
            description="The candidates, best value first.",
            examples=[
                [
                    {
                        "ad_id": "ad_5be0c1",
                        "product_id": "100001",
                        "lexical": 1.25,
                        "quality_ppm": 41_200,
                        "bid_micros": 400_000,
                        "value": 16_480_000_000,
                    }
                ]
            ],
        ),
    ]
    stages_us: Annotated[
        dict[str, int],
        Field(
            description="Microseconds spent in each stage.",
            examples=[{"profile": 90, "decide": 410, "answer": 35}],
        ),
    ]


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
        tuple[str, ...],
        Field(description="Arms of experiments that this answer took part in.", examples=[[]]),
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
