"""The caller's store, and what holds for all of its campaigns."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from service.api.schemas.resource import UNCHANGED, Change, Resource

_GRACE = "How long after a click was recorded somebody may tell that its ad was shown; then it is "
_GRACE += "paid back. 0 turns that off."

AttributionDays = Annotated[
    Literal[7, 14, 30],
    Field(
        description="How long after a click an order is owed to it, unless the campaign says so.",
        examples=[7],
    ),
]
ViewThroughHours = Annotated[
    int,
    Field(
        ge=0,
        le=720,
        description="How long after a view an order is owed to it; 0 is never.",
        examples=[0],
    ),
]
JustBoughtDays = Annotated[
    int,
    Field(
        ge=0,
        le=365,
        description="How long a shopper is shown no ad for what they bought; 0 turns that off.",
        examples=[30],
    ),
]
GraceSeconds = Annotated[int, Field(ge=0, le=86_400, description=_GRACE, examples=[600])]


class StoreTerms(Resource):
    """What holds in the store, for all campaigns and shoppers."""

    id: Annotated[str, Field(description="Id of the store.", examples=["sto_01"])]
    name: Annotated[str, Field(description="Its name.", examples=["Lamps"])]
    currency: Annotated[str, Field(description="ISO 4217.", examples=["EUR"])]
    locale: Annotated[str, Field(description="BCP 47.", examples=["en-GB"])]
    site_url: Annotated[
        str, Field(description="Where its pages are.", examples=["https://shop.example"])
    ]
    attribution_days: AttributionDays
    view_through_hours: ViewThroughHours
    just_bought_days: JustBoughtDays
    impression_grace_seconds: GraceSeconds


class StoreChange(Change):
    """What to change; what is not given stays."""

    attribution_days: AttributionDays = UNCHANGED
    view_through_hours: ViewThroughHours = UNCHANGED
    just_bought_days: JustBoughtDays = UNCHANGED
    impression_grace_seconds: GraceSeconds = UNCHANGED
