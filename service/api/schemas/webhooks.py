"""Webhooks: where a shop or a merchant wants to be told what happened."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import AwareDatetime, Field, StringConstraints

from service.api.schemas.resource import UNCHANGED, Change, PageOf, Resource, example_of
from service.api.schemas.wire import Wire

_WHEN = "2026-11-22T09:00:00Z"


class EventType(StrEnum):
    """What a webhook can be told of."""

    BUDGET_LOW = "campaign.budget_low"
    ENDED = "campaign.ended"
    IMPORT_DONE = "import.done"


class DeliveryStatus(StrEnum):
    """How far a delivery has come."""

    WAITING = "waiting"
    DELIVERED = "delivered"
    GIVEN_UP = "given_up"


Url = Annotated[
    str,
    StringConstraints(min_length=1, max_length=2048),
    Field(
        description="Where to POST to: https, at a public address. Redirects are not followed.",
        examples=["https://shop.example/hooks/salient"],
    ),
]
Events = Annotated[
    tuple[EventType, ...],
    Field(
        min_length=1,
        max_length=10,
        description="What to tell. `campaign.budget_low`: 80 % and 95 % of a budget are spent. "
        "`campaign.ended`: a budget is used up, or the end date is over. `import.done`: an import "
        "came to its end, well or not.",
        examples=[["campaign.budget_low", "campaign.ended"]],
    ),
]
Active = Annotated[
    bool,
    Field(
        description="Whether it is called. Switched off, what waits for it is given up.",
        examples=[True],
    ),
]


class WebhookDraft(Wire):
    """A webhook to be made."""

    url: Url
    events: Events
    active: Active = True


class WebhookChange(Change):
    """What to change of a webhook."""

    url: Url = UNCHANGED
    events: Events = UNCHANGED
    active: Active = UNCHANGED


class Webhook(Resource):
    """A webhook. Its secret is shown once, when it is made."""

    id: Annotated[
        str,
        Field(description="Names the webhook.", examples=["wh_0193b2c4e5f67a8b9c0d1e2f3a4b5c6d"]),
    ]
    url: Annotated[
        str,
        Field(description="Where it leads.", examples=["https://shop.example/hooks/salient"]),
    ]
    events: Events
    active: Active
    advertiser_id: Annotated[
        str | None,
        Field(
            description="The merchant whose it is, who is told of its own only; null is the shop.",
            examples=["adv_0193b2c4e5f67a8b9c0d1e2f3a4b5c6d"],
        ),
    ]
    created_at: Annotated[AwareDatetime, Field(description="When it was made.", examples=[_WHEN])]


class NewWebhook(Webhook):
    """A webhook that was just made, with its secret."""

    secret: Annotated[
        str | None,
        Field(
            description="Signs what is sent: `Salient-Signature: t=<Unix seconds>,v1=<hex>`, "
            "where v1 is HMAC-SHA256 of t, a dot and the body under this secret. It is shown "
            "this once; when the request is repeated with its Idempotency-Key, it is null.",
            examples=["whsec_Zm9vYmFyYmF6cXV4Zm9vYmFyYmF6cXV4"],
        ),
    ]


class WebhookPage(PageOf[Webhook]):
    """A page of webhooks, in the order of their ids."""

    data: Annotated[
        tuple[Webhook, ...], Field(description="The webhooks.", examples=[[example_of(Webhook)]])
    ]


class WebhookDelivery(Resource):
    """One event, and what came of telling it."""

    id: Annotated[
        str,
        Field(
            description="Names the delivery.", examples=["whd_0193b2c4e5f67a8b9c0d1e2f3a4b5c6d"]
        ),
    ]
    event_id: Annotated[
        str,
        Field(
            description="The event; it stands in the body and in `Salient-Event-Id`, the same on "
            "every try, so that a receiver can tell repeats.",
            examples=["evt_0193b2c4e5f67a8b9c0d1e2f3a4b5c6d"],
        ),
    ]
    type: Annotated[EventType, Field(description="What happened.", examples=["campaign.ended"])]
    status: Annotated[
        DeliveryStatus,
        Field(
            description="`waiting` for its first or next try, `delivered`, or `given_up` after a "
            "day.",
            examples=["delivered"],
        ),
    ]
    tries: Annotated[int, Field(ge=0, description="Calls so far.", examples=[1])]
    next_try_at: Annotated[
        AwareDatetime | None, Field(description="When it is tried next.", examples=[_WHEN])
    ]
    last_status: Annotated[
        int | None,
        Field(description="The last answer's status, if there was one.", examples=[200]),
    ]
    last_error: Annotated[
        str | None, Field(description="Why the last try failed.", examples=["answered 500"])
    ]
    created_at: Annotated[AwareDatetime, Field(description="When it happened.", examples=[_WHEN])]
    delivered_at: Annotated[
        AwareDatetime | None, Field(description="When it was heard.", examples=[_WHEN])
    ]


class WebhookDeliveryPage(PageOf[WebhookDelivery]):
    """A page of deliveries, the newest first."""

    data: Annotated[
        tuple[WebhookDelivery, ...],
        Field(description="The deliveries.", examples=[[example_of(WebhookDelivery)]]),
    ]
