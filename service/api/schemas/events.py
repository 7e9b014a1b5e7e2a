"""POST /v1/events: what shoppers did, as the shop tells it."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AwareDatetime, Field, StringConstraints

from service.api.schemas.wire import PRINTABLE, CallerId, ProductId, User, Wire, Word
from service.api.tokens import LONGEST

_USER_EXAMPLE = {"id": "u-1042", "session": "s-77aa", "consent": True}

EventId = Annotated[
    CallerId,
    Field(
        description="The caller's own id of this event. Sent again, it counts once.",
        examples=["0b5c7f3e-8a11-4d0c-9a53-1f6f5f0a3c11"],
    ),
]
OccurredAt = Annotated[
    AwareDatetime | None,
    Field(
        description="When it happened (RFC 3339); by default when it arrived.",
        examples=["2026-01-31T12:00:00Z"],
    ),
]
Token = Annotated[
    str,
    StringConstraints(min_length=1, max_length=LONGEST, pattern=PRINTABLE),
    Field(
        description="The ad's impression_url, view_url or click_url, or the token inside it.",
        examples=["https://ads.example.com/i/AQK....gif"],
    ),
]
ByUser = Annotated[User, Field(description="Who the shopper is.", examples=[_USER_EXAMPLE])]
Query = Annotated[
    Word | None,
    Field(description="The query in force, if any.", examples=["running shoes"]),
]
Value = Annotated[
    int | None,
    Field(
        ge=0,
        le=10**15,
        description="Worth in micros of `currency`.",
        examples=[59_990_000],
    ),
]
Currency = Annotated[
    str | None,
    Field(
        pattern=r"^[A-Z]{3}$",
        description="ISO 4217; by default the store's.",
        examples=["EUR"],
    ),
]
Product = Annotated[ProductId, Field(description="The shop's product.", examples=["100001"])]
Quantity = Annotated[int, Field(ge=1, le=1_000_000, description="How many.", examples=[1])]


def _kind(name: str) -> object:
    return Field(description="What happened.", examples=[name])


class Search(Wire):
    """A shopper searched."""

    type: Annotated[Literal["search"], _kind("search")]
    event_id: EventId
    occurred_at: OccurredAt = None
    user: ByUser = User()
    query: Annotated[Word, Field(description="What was searched for.", examples=["running shoes"])]


class FeatureWord(Wire):
    """A facet or filter chip was shown, or clicked."""

    type: Annotated[Literal["feature_word"], _kind("feature_word")]
    event_id: EventId
    occurred_at: OccurredAt = None
    user: ByUser = User()
    feature_word: Annotated[
        Word, Field(description="The words on the chip.", examples=["waterproof"])
    ]
    action: Annotated[
        Literal["shown", "clicked"],
        Field(description="Whether it was shown or clicked.", examples=["clicked"]),
    ]
    query: Query = None
    position: Annotated[
        int | None,
        Field(ge=1, le=1_000, description="Place of the chip, 1 first.", examples=[2]),
    ] = None


class Impression(Wire):
    """An ad was rendered."""

    type: Annotated[Literal["impression"], _kind("impression")]
    token: Token


class View(Wire):
    """Half of an ad was in view for a second."""

    type: Annotated[Literal["view"], _kind("view")]
    token: Token


class Click(Wire):
    """An ad was clicked, without the redirect."""

    type: Annotated[Literal["click"], _kind("click")]
    token: Token


class AddToCart(Wire):
    """A product was put into the cart."""

    type: Annotated[Literal["add_to_cart"], _kind("add_to_cart")]
    event_id: EventId
    occurred_at: OccurredAt = None
    user: ByUser = User()
    product_id: Product
    quantity: Quantity = 1
    value: Value = None
    currency: Currency = None


class Conversion(Wire):
    """One line of an order. The order's id and the line's number make it unique."""

    type: Annotated[Literal["conversion"], _kind("conversion")]
    order_id: Annotated[
        CallerId, Field(description="The shop's id of the order.", examples=["o-88123"])
    ]
    line: Annotated[
        int, Field(ge=0, le=10_000, description="Number of the order's line.", examples=[0])
    ] = 0
    occurred_at: OccurredAt = None
    user: ByUser = User()
    product_id: Product
    quantity: Quantity = 1
    value: Value = None
    currency: Currency = None
    token: Annotated[
        Token | None,
        Field(
            description="The ad that led to it, if the shop knows: one of its URLs, or the token.",
            examples=["https://ads.example.com/c/AQK..."],
        ),
    ] = None


class Return(Wire):
    """Pieces of an order's line came back. The return's own id makes it unique in the line."""

    type: Annotated[Literal["return"], _kind("return")]
    order_id: Annotated[
        CallerId, Field(description="The shop's id of the order.", examples=["o-88123"])
    ]
    line: Annotated[
        int, Field(ge=0, le=10_000, description="Number of the order's line.", examples=[0])
    ] = 0
    return_id: Annotated[
        CallerId, Field(description="The shop's id of the return.", examples=["r-2210"])
    ]
    occurred_at: OccurredAt = None
    quantity: Annotated[
        int, Field(ge=1, le=1_000_000, description="How many came back.", examples=[1])
    ] = 1
    value: Annotated[
        int | None,
        Field(
            ge=0,
            le=10**15,
            description="What was given back for it, in micros; by default what the pieces were"
            " sold for.",
            examples=[59_990_000],
        ),
    ] = None


AnyEvent = Annotated[
    Search | FeatureWord | Impression | View | Click | AddToCart | Conversion | Return,
    Field(discriminator="type"),
]


EVENT_TYPES = frozenset(
    {
        "search",
        "feature_word",
        "impression",
        "view",
        "click",
        "add_to_cart",
        "conversion",
        "return",
    }
)
"""The discriminators of `AnyEvent`."""


class EventBatch(Wire):
    """1 to 500 events of any kind."""

    events: Annotated[
        tuple[AnyEvent, ...],
        Field(
            min_length=1,
            max_length=500,
            description="What happened, in any order.",
            examples=[
                [
                    {
                        "type": "feature_word",
                        "event_id": "e-1",
                        "feature_word": "waterproof",
                        "action": "clicked",
                        "query": "running shoes",
                        "user": _USER_EXAMPLE,
                    }
                ]
            ],
        ),
    ]


class EventResult(Wire):
    """What became of one event."""

    index: Annotated[int, Field(ge=0, description="Its place in the batch.", examples=[0])]
    status: Annotated[
        Literal["accepted", "rejected"],
        Field(description="Accepted events are kept safely.", examples=["accepted"]),
    ]
    code: Annotated[
        str | None,
        Field(description="Why it was rejected.", examples=["bad_token", None]),
    ] = None
    detail: Annotated[
        str | None,
        Field(
            description="Why it was rejected, in words.",
            examples=["the token is not one of ours, or not in one piece"],
        ),
    ] = None


class EventReceipt(Wire):
    """What became of the batch."""

    accepted: Annotated[int, Field(ge=0, description="How many were accepted.", examples=[1])]
    rejected: Annotated[int, Field(ge=0, description="How many were rejected.", examples=[0])]
    results: Annotated[
        tuple[EventResult, ...],
        Field(
            description="One for each event, in order.",
            examples=[[{"index": 0, "status": "accepted"}]],
        ),
    ]
