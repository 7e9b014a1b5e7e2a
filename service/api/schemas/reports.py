"""Reports: what campaigns got for their money."""

from __future__ import annotations

from datetime import date  # noqa: TC003 - pydantic reads it when the model is made
from typing import Annotated

from pydantic import Field

from service.api.schemas.resource import PageOf, Resource, example_of


class PerformanceRow(Resource):
    """One campaign on one day (UTC). Only valid events count.

    Impressions, views, clicks and spend belong to the day on which the ad was decided,
    conversions to the day on which they happened.
    """

    day: Annotated[date, Field(description="The day, in UTC.", examples=["2026-11-22"])]
    campaign_id: Annotated[
        str,
        Field(description="The campaign.", examples=["cmp_0193b2c4e5f67a8b9c0d1e2f3a4b5c6d"]),
    ]
    campaign_name: Annotated[
        str, Field(description="What people call it now.", examples=["Desk lamps"])
    ]
    advertiser_id: Annotated[
        str, Field(description="Whose it is.", examples=["adv_0193b2c4e5f67a8b9c0d1e2f3a4b5c6d"])
    ]
    impressions: Annotated[
        int, Field(description="How often one of its ads was shown.", examples=[10_420])
    ]
    views: Annotated[
        int, Field(description="How often one was in view for a second.", examples=[7_310])
    ]
    clicks: Annotated[int, Field(description="How often one was clicked.", examples=[208])]
    invalid_clicks: Annotated[
        int,
        Field(description="Clicks of bots and the like; they cost nothing.", examples=[11]),
    ]
    conversions: Annotated[
        int,
        Field(description="Lines of orders that the shop told with the ad's token.", examples=[9]),
    ]
    spend_micros: Annotated[
        int,
        Field(
            description="What was charged and not given back, in micros of the store's currency.",
            examples=[52_000_000],
        ),
    ]


class PerformancePage(PageOf[PerformanceRow]):
    """A page of the report, by day and campaign."""

    data: Annotated[
        tuple[PerformanceRow, ...],
        Field(
            description="A row for each campaign and day on which anything happened.",
            examples=[[example_of(PerformanceRow)]],
        ),
    ]
