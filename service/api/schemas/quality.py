"""How good an ad is, for its merchant."""

from datetime import datetime
from typing import Annotated

from pydantic import Field

from service.api.schemas.resource import Resource, example_of
from service.api.schemas.wire import Wire
from service.decision.quality import Grade


class QualityReason(Wire):
    """Something that raises or lowers an ad's quality."""

    code: Annotated[
        str,
        Field(
            description="One of `fewer_clicks`, `more_clicks`, `few_impressions`, `not_known`, "
            "`keyword_not_said`, `no_keywords`, `out_of_stock`, `no_image`, `no_description`, "
            "`no_highlights`, `short_title`; more may come.",
            examples=["no_image"],
        ),
    ]
    detail: Annotated[
        str, Field(description="The same in words.", examples=["the product has no picture"])
    ]


class AdQuality(Resource):
    """How an ad compares, and what would make it better."""

    ad_id: Annotated[
        str, Field(description="The ad.", examples=["ad_0193b2c4e5f67a8b9c0d1e2f3a4b5c6d"])
    ]
    score: Annotated[
        int,
        Field(
            ge=1,
            le=10,
            description="The three parts as one number: 1 the worst, 10 the best, 6 if all are "
            "average. It is for people: the auction weighs each request's own P(click).",
            examples=[7],
        ),
    ]
    expected_click_rate: Annotated[
        Grade,
        Field(
            description="How often it is clicked beside what the shop's ads get in the same "
            "slots, by its last 28 days and, as long as they say little, by the model.",
            examples=["average"],
        ),
    ]
    relevance: Annotated[
        Grade,
        Field(
            description="How much of the campaign's keywords the product says in its title, brand "
            "and category.",
            examples=["above"],
        ),
    ]
    product_page: Annotated[
        Grade,
        Field(
            description="Whether the product is in stock and has a picture, a description, "
            "highlights and a telling title.",
            examples=["average"],
        ),
    ]
    reasons: Annotated[
        tuple[QualityReason, ...],
        Field(
            description="What made the grades, part by part; nothing where all is well.",
            examples=[[example_of(QualityReason)]],
        ),
    ]
    impressions: Annotated[
        int,
        Field(description="How often it was shown in the last 28 days.", examples=[1250]),
    ]
    clicks: Annotated[int, Field(description="How often it was clicked then.", examples=[41])]
    as_of: Annotated[
        datetime | None,
        Field(
            description="Up to when impressions and clicks are counted: five to six hours ago, "
            "when no more clicks come; null before the first count.",
            examples=["2026-01-31T09:00:00Z"],
        ),
    ]
