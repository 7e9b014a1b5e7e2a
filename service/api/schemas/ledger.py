"""What was charged and given back."""

from datetime import date
from enum import StrEnum
from typing import Annotated

from pydantic import AwareDatetime, Field

from service.api.schemas.resource import Id, Moment, PageOf, Resource, example_of
from service.api.schemas.wire import Wire
from service.store.refunds import MOST_AT_ONCE, RefundReason

MOST_NAMED = 500


class ChargeKind(StrEnum):
    """What was paid for, or that it went back."""

    CLICK = "click"
    IMPRESSION = "impression"
    ORDER = "order"
    REFUND = "refund"


Campaign = Annotated[
    str, Field(description="Who paid.", examples=["cmp_0193b2c4e5f67a8b9c0d1e2f3a4b5c6d"])
]
Impression = Annotated[
    str,
    Field(
        description="The impression that led to it.",
        examples=["imp_0193b2c4e5f67a8b9c0d1e2f3a4b5c6d00"],
    ),
]
Reason = Annotated[
    RefundReason,
    Field(
        description="Why. All but `goodwill` and `returned` say that it was no shopper's doing: "
        "the event keeps the reason, and nothing is learnt from it any more.",
        examples=["bot"],
    ),
]


class LedgerEntry(Resource):
    """One row of the ledger. It stays as it is."""

    campaign_id: Campaign
    impression_id: Impression
    kind: Annotated[
        ChargeKind, Field(description="What was paid for; or a refund.", examples=["click"])
    ]
    amount_micros: Annotated[
        int, Field(description="How much, in micros; below zero it went back.", examples=[250_000])
    ]
    day: Annotated[
        date,
        Field(
            description="The day of the campaign's zone whose budget paid, or got it back.",
            examples=["2026-11-22"],
        ),
    ]
    happened_at: Annotated[
        AwareDatetime,
        Field(description="When the ad was asked for.", examples=["2026-11-22T09:00:00Z"]),
    ]
    booked_at: Annotated[
        AwareDatetime, Field(description="When it was booked.", examples=["2026-11-22T09:00:02Z"])
    ]
    refund_of: Annotated[
        ChargeKind | None,
        Field(description="What a refund gives back; else null.", examples=[None]),
    ]
    reason: Annotated[
        str | None, Field(description="Why a refund was given; else null.", examples=[None])
    ]
    reference: Annotated[
        str,
        Field(
            description="Tells orders, and refunds, of one impression apart; else empty.",
            examples=[""],
        ),
    ]
    platform: Annotated[
        str | None,
        Field(
            description="Where the ad was shown; null where a version before this did not say.",
            examples=["web"],
        ),
    ] = None


class LedgerPage(PageOf[LedgerEntry]):
    """A page of the ledger, newest first."""

    data: Annotated[
        tuple[LedgerEntry, ...],
        Field(description="The rows.", examples=[[example_of(LedgerEntry)]]),
    ]


class RefundDraft(Wire):
    """Which charges to give back: those that all of the given conditions meet.

    Name impressions, or a campaign with the time in which its charges were booked.
    """

    reason: Reason
    impression_ids: Annotated[
        tuple[Id, ...] | None,
        Field(
            min_length=1,
            max_length=MOST_NAMED,
            description="Charges for these impressions.",
            examples=[["imp_0193b2c4e5f67a8b9c0d1e2f3a4b5c6d00"]],
        ),
    ] = None
    campaign_id: Annotated[
        Id | None,
        Field(
            description="Charges of this campaign.",
            examples=["cmp_0193b2c4e5f67a8b9c0d1e2f3a4b5c6d"],
        ),
    ] = None
    since: Annotated[
        Moment | None,
        Field(description="Charges booked then or later.", examples=["2026-11-22T00:00:00Z"]),
    ] = None
    until: Annotated[
        Moment | None,
        Field(
            description=f"Charges booked before then. At most {MOST_AT_ONCE} at once: the oldest "
            "first; `more` tells whether to ask again.",
            examples=["2026-11-23T00:00:00Z"],
        ),
    ] = None


class Refunds(Wire):
    """What was given back."""

    refunded: Annotated[int, Field(description="How many charges.", examples=[1])]
    refunded_micros: Annotated[int, Field(description="How much.", examples=[250_000])]
    not_refunded: Annotated[
        tuple[str, ...],
        Field(
            description="Of the impressions that were named, those of which nothing was left to "
            "give back, or nothing was ever charged.",
            examples=[["imp_0193b2c4e5f67a8b9c0d1e2f3a4b5c6d01"]],
        ),
    ]
    more: Annotated[
        bool, Field(description="Whether there are more charges to give back.", examples=[False])
    ]


class RefundNote(Wire):
    """What the audit log keeps of a refund."""

    reason: Reason
    refunded: Annotated[int, Field(description="How many charges.", examples=[1])]
    refunded_micros: Annotated[int, Field(description="How much.", examples=[250_000])]
