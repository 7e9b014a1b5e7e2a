"""Reports: what the ads sold."""

from __future__ import annotations

from datetime import date  # noqa: TC003 - pydantic reads it when the model is made
from typing import Annotated

from pydantic import Field

from service.api.schemas.resource import PageOf, Resource, example_of


class ConversionsRow(Resource):
    """What the ads of one campaign sold on one day (UTC), and what came back.

    Sales belong to the day of the order, returns to the day of the return. Each line of an order
    counts once, for the ad that it is owed to.
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
    conversions: Annotated[
        int, Field(description="Lines of orders owed to its ads.", examples=[31])
    ]
    view_through: Annotated[
        int, Field(description="Those after a view only, without a click.", examples=[2])
    ]
    halo: Annotated[
        int,
        Field(
            description="Those for another product of the advertiser than the ad's.", examples=[4]
        ),
    ]
    new_to_brand: Annotated[
        int,
        Field(
            description="Those of shoppers who had not bought of the brand for a year; shoppers"
            " who are not known are not counted.",
            examples=[11],
        ),
    ]
    quantity: Annotated[float, Field(description="Pieces sold.", examples=[36.0])]
    value_micros: Annotated[
        int,
        Field(
            description="What was sold, in micros of the store's currency.",
            examples=[1_290_000_000],
        ),
    ]
    returns: Annotated[int, Field(description="Returns of such lines.", examples=[3])]
    returned_quantity: Annotated[
        float, Field(description="Pieces that came back.", examples=[3.0])
    ]
    returned_micros: Annotated[
        int, Field(description="What they were worth, in micros.", examples=[119_700_000])
    ]


class ConversionsPage(PageOf[ConversionsRow]):
    """A page of the report, by day and campaign."""

    data: Annotated[
        tuple[ConversionsRow, ...],
        Field(
            description="A row for each campaign and day on which anything was sold or returned.",
            examples=[[example_of(ConversionsRow)]],
        ),
    ]
