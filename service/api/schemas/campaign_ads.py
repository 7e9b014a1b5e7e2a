"""Ads: each is one product of a campaign."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import Field

from service.api.schemas.batches import MOST_ITEMS, Batch
from service.api.schemas.resource import (
    MOST_MICROS,
    UNCHANGED,
    Change,
    PageOf,
    Resource,
    example_of,
)
from service.api.schemas.wire import ProductId, Wire

ProductOf = Annotated[
    ProductId, Field(description="The product that it shows.", examples=["100001"])
]
OwnBid = Annotated[
    int | None,
    Field(
        gt=0,
        le=MOST_MICROS,
        description="Its own bid, in micros; null is the campaign's.",
        examples=[350_000],
    ),
]
Active = Annotated[
    bool,
    Field(description="Whether it may be shown while its campaign is active.", examples=[True]),
]


class AdDraft(Wire):
    """An ad to be made."""

    product_id: ProductOf
    bid_micros: OwnBid = None
    active: Active = True


class AdBatch(Batch):
    """Ads to be made in one campaign."""

    ITEMS: ClassVar[str] = "ads"

    ads: Annotated[
        tuple[AdDraft, ...],
        Field(
            min_length=1,
            max_length=MOST_ITEMS,
            description="The ads; each stands by itself.",
            examples=[[example_of(AdDraft)]],
        ),
    ]


class AdChange(Change):
    """What to change of an ad."""

    bid_micros: OwnBid = UNCHANGED
    active: Active = UNCHANGED


class CampaignAd(Resource):
    """One product of a campaign."""

    id: Annotated[
        str,
        Field(description="Names the ad.", examples=["ad_0193b2c4e5f67a8b9c0d1e2f3a4b5c6d"]),
    ]
    campaign_id: Annotated[
        str,
        Field(description="Its campaign.", examples=["cmp_0193b2c4e5f67a8b9c0d1e2f3a4b5c6d"]),
    ]
    product_id: Annotated[
        str, Field(description="The product that it shows.", examples=["100001"])
    ]
    bid_micros: Annotated[
        int | None,
        Field(description="Its own bid, in micros; null is the campaign's.", examples=[350_000]),
    ]
    active: Active


class CampaignAdPage(PageOf[CampaignAd]):
    """A page of ads, in the order of their ids."""

    data: Annotated[
        tuple[CampaignAd, ...], Field(description="The ads.", examples=[[example_of(CampaignAd)]])
    ]
