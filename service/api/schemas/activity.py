"""What a store decided and was told lately."""

from __future__ import annotations

from typing import Annotated

from pydantic import AwareDatetime, Field

from service.api.schemas.resource import example_of
from service.api.schemas.sponsored_ads import SellingPointScore
from service.api.schemas.wire import Wire

_AT = "2026-11-22T09:30:00.123456Z"


class AwardEvent(Wire):
    """What became of an ad."""

    type: Annotated[
        str, Field(description="impression, view, click, conversion or hide.", examples=["click"])
    ]
    received_at: Annotated[AwareDatetime, Field(description="When it came.", examples=[_AT])]
    invalid_reason: Annotated[
        str | None, Field(description="Why it does not count, if so.", examples=[None, "bot"])
    ]


class RecentAward(Wire):
    """A slot, won."""

    slot: Annotated[int, Field(description="Position, 0 on top.", examples=[0])]
    impression_id: Annotated[
        str, Field(description="As in the answer.", examples=["imp_019a5e7c5d2f7c3e8f1b2a3c4d"])
    ]
    ad_id: Annotated[str, Field(description="Id of the ad.", examples=["ad_5be0c1"])]
    campaign_id: Annotated[str, Field(description="Id of the campaign.", examples=["cmp_9a1f"])]
    product_id: Annotated[str, Field(description="The shop's product.", examples=["100001"])]
    price_micros: Annotated[int, Field(description="What a click costs.", examples=[240_000])]
    bid_micros: Annotated[int, Field(description="What was offered.", examples=[400_000])]
    quality_ppm: Annotated[
        int, Field(description="Predicted click rate, parts per million.", examples=[41_200])
    ]
    reason: Annotated[
        str,
        Field(
            description="How the title was made: personal, prior, common, explored or plain.",
            examples=["personal"],
        ),
    ]
    selling_points: Annotated[
        tuple[SellingPointScore, ...],
        Field(
            description="The selling points in the title.",
            examples=[[example_of(SellingPointScore)]],
        ),
    ]
    events: Annotated[
        tuple[AwardEvent, ...],
        Field(description="What became of it, as it came.", examples=[[example_of(AwardEvent)]]),
    ]


class RecentDecision(Wire):
    """An answer to one request for ads. It does not say who asked."""

    request_id: Annotated[str, Field(description="Id of it.", examples=["req_019a5e7c5d2f"])]
    at: Annotated[AwareDatetime, Field(description="When it was made.", examples=[_AT])]
    query: Annotated[str, Field(description="What was searched for.", examples=["rain jacket"])]
    category: Annotated[str, Field(description="Or looked at.", examples=[""])]
    placement: Annotated[str, Field(description="Where it stands.", examples=["search_top"])]
    personal: Annotated[
        bool, Field(description="Whether a shopper's profile was read.", examples=[True])
    ]
    awards: Annotated[
        tuple[RecentAward, ...],
        Field(description="The ads, from the top.", examples=[[example_of(RecentAward)]]),
    ]
    no_fill_reason: Annotated[
        str | None, Field(description="Why there are no ads, if so.", examples=[None])
    ]
    degraded: Annotated[
        tuple[str, ...], Field(description="Parts that were done without.", examples=[[]])
    ]
    took_us: Annotated[int, Field(description="Time taken, in microseconds.", examples=[620])]


class RecentEvent(Wire):
    """Something that a shopper did. It does not say who."""

    type: Annotated[str, Field(description="What happened.", examples=["click"])]
    received_at: Annotated[AwareDatetime, Field(description="When it came.", examples=[_AT])]
    query: Annotated[
        str | None, Field(description="The query in force, if any.", examples=["rain jacket"])
    ]
    feature_word: Annotated[
        str | None, Field(description="The feature word clicked, if any.", examples=["windproof"])
    ]
    product_id: Annotated[
        str | None, Field(description="The product, if any.", examples=["100001"])
    ]
    campaign_id: Annotated[
        str | None, Field(description="The ad's campaign, if any.", examples=["cmp_9a1f"])
    ]
    impression_id: Annotated[
        str | None, Field(description="The ad's, if any.", examples=["imp_019a5e7c5d2f"])
    ]
    slot: Annotated[int | None, Field(description="The ad's, if any.", examples=[0])]
    price_micros: Annotated[
        int | None, Field(description="What the ad's click costs.", examples=[240_000])
    ]
    value_micros: Annotated[
        int | None, Field(description="Worth of a cart or an order.", examples=[59_990_000])
    ]
    invalid_reason: Annotated[
        str | None, Field(description="Why it does not count, if so.", examples=[None, "bot"])
    ]


class Activity(Wire):
    """The last decisions and events of a store."""

    decisions: Annotated[
        tuple[RecentDecision, ...],
        Field(description="Newest first.", examples=[[example_of(RecentDecision)]]),
    ]
    events: Annotated[
        tuple[RecentEvent, ...],
        Field(
            description="The last to arrive first; not feature words that were only shown.",
            examples=[[example_of(RecentEvent)]],
        ),
    ]
