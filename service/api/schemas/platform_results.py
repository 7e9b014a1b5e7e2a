"""What platforms outside the shop report, hour by hour."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, ClassVar

from pydantic import AwareDatetime, Field

from service.api.schemas.batches import MOST_ITEMS, Batch
from service.api.schemas.resource import Id, Moment, PageOf, Resource, example_of
from service.api.schemas.wire import Wire

MOST_MICROS_AN_HOUR = 10**14
MOST_AN_HOUR = 10**12
"""Days of such hours can still be counted exactly."""


class HourReport(Wire):
    """What one hour on a platform cost and brought."""

    hour: Annotated[
        Moment,
        Field(
            description="When the hour begins (RFC 3339, with a zone): a whole hour of UTC that "
            "has begun.",
            examples=["2026-11-22T09:00:00Z"],
        ),
    ]
    campaign_id: Annotated[
        Id | None,
        Field(
            description="The campaign that it is of; null is the whole store, which takes a key "
            "of the whole store.",
            examples=["cmp_0193b2c4e5f67a8b9c0d1e2f3a4b5c6d"],
        ),
    ] = None
    spend_micros: Annotated[
        int,
        Field(
            ge=0,
            le=MOST_MICROS_AN_HOUR,
            description="What it cost, in micros of the store's currency.",
            examples=[4_200_000],
        ),
    ]
    impressions: Annotated[
        int, Field(ge=0, le=MOST_AN_HOUR, description="How often ads were shown.", examples=[900])
    ]
    clicks: Annotated[
        int, Field(ge=0, le=MOST_AN_HOUR, description="How often one was clicked.", examples=[21])
    ]
    conversions: Annotated[
        int, Field(ge=0, le=MOST_AN_HOUR, description="Orders that came of it.", examples=[2])
    ]


class ResultsBatch(Batch):
    """Hours of one platform."""

    ITEMS: ClassVar[str] = "results"

    results: Annotated[
        tuple[HourReport, ...],
        Field(
            min_length=1,
            max_length=MOST_ITEMS,
            description="The hours; each stands by itself, and replaces what was told of the same "
            "hour and campaign before.",
            examples=[[example_of(HourReport)]],
        ),
    ]


class ToldBy(StrEnum):
    """Who told of an hour."""

    REPORTED = "reported"
    OWN = "own"


class PlatformHour(Resource):
    """What one hour on a platform cost and brought, as it is known now."""

    hour: Annotated[
        AwareDatetime, Field(description="When it begins.", examples=["2026-11-22T09:00:00Z"])
    ]
    campaign_id: Annotated[
        str | None,
        Field(
            description="The campaign that it is of; null is the whole store.",
            examples=["cmp_0193b2c4e5f67a8b9c0d1e2f3a4b5c6d"],
        ),
    ]
    source: Annotated[
        ToldBy,
        Field(
            description="`reported` through this API, or counted from the shop's `own` events; "
            "where both stand for an hour, they count together.",
            examples=["reported"],
        ),
    ]
    spend_micros: Annotated[
        int,
        Field(
            description="What it cost, in micros of the store's currency.", examples=[4_200_000]
        ),
    ]
    impressions: Annotated[int, Field(description="How often ads were shown.", examples=[900])]
    clicks: Annotated[int, Field(description="How often one was clicked.", examples=[21])]
    conversions: Annotated[int, Field(description="Orders that came of it.", examples=[2])]
    told_at: Annotated[
        AwareDatetime,
        Field(description="When it was told or counted last.", examples=["2026-11-22T10:04:11Z"]),
    ]


class PlatformHourPage(PageOf[PlatformHour]):
    """A page of a platform's hours, newest first."""

    data: Annotated[
        tuple[PlatformHour, ...],
        Field(description="The hours.", examples=[[example_of(PlatformHour)]]),
    ]


class ResultsNote(Wire):
    """What the audit log keeps of reported hours."""

    campaign_id: Annotated[
        str | None,
        Field(
            description="The campaign; null is the whole store.",
            examples=["cmp_0193b2c4e5f67a8b9c0d1e2f3a4b5c6d"],
        ),
    ]
    hours: Annotated[int, Field(description="How many.", examples=[24])]
    first_hour: Annotated[
        AwareDatetime, Field(description="The first of them.", examples=["2026-11-22T09:00:00Z"])
    ]
    last_hour: Annotated[
        AwareDatetime, Field(description="The last.", examples=["2026-11-22T09:00:00Z"])
    ]
    spend_micros: Annotated[int, Field(description="What they cost.", examples=[4_200_000])]
