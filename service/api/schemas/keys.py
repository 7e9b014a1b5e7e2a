"""API keys. Their text is shown once, when they are made."""

from __future__ import annotations

from typing import Annotated

from pydantic import AwareDatetime, Field, StringConstraints

from service.api.keys import Scope
from service.api.schemas.resource import Id, PageOf, Resource, Title, example_of
from service.api.schemas.wire import Wire
from service.decision.terms import KeyKind

Kind = Annotated[
    KeyKind,
    Field(
        description="Publishable keys may stand in a page, secret ones may not.",
        examples=["secret"],
    ),
]
Scopes = Annotated[
    tuple[Scope, ...],
    Field(
        min_length=1,
        max_length=5,
        description="What it may do. `admin` is everything in its store; publishable keys have "
        "`serve` and `events` at most.",
        examples=[["manage", "report"]],
    ),
]


class KeyDraft(Wire):
    """A key to be made."""

    name: Annotated[Title, Field(description="What it is for.", examples=["Feed upload"])]
    kind: Kind
    scopes: Scopes
    origins: Annotated[
        tuple[Annotated[str, StringConstraints(min_length=1, max_length=256)], ...],
        Field(
            max_length=50,
            description="Pages that may use a publishable key, without a path; `*` is any.",
            examples=[["https://shop.example"]],
        ),
    ] = ()
    advertiser_id: Annotated[
        Id | None,
        Field(
            description="Bind a secret key to this merchant: it sees nothing of the others. "
            "Null is the whole store.",
            examples=["adv_0193b2c4e5f67a8b9c0d1e2f3a4b5c6d"],
        ),
    ] = None


class ApiKey(Resource):
    """A key in force. Its text is kept nowhere."""

    id: Annotated[
        str,
        Field(description="Names the key.", examples=["key_0193b2c4e5f67a8b9c0d1e2f3a4b5c6d"]),
    ]
    name: Annotated[str, Field(description="What it is for.", examples=["Feed upload"])]
    kind: Kind
    scopes: Annotated[
        tuple[str, ...], Field(description="What it may do.", examples=[["manage", "report"]])
    ]
    origins: Annotated[
        tuple[str, ...],
        Field(description="Pages that may use it.", examples=[["https://shop.example"]]),
    ]
    advertiser_id: Annotated[
        str | None,
        Field(
            description="The merchant that it is bound to; null is the whole store.",
            examples=["adv_0193b2c4e5f67a8b9c0d1e2f3a4b5c6d"],
        ),
    ]
    created_at: Annotated[
        AwareDatetime, Field(description="When it was made.", examples=["2026-11-22T09:00:00Z"])
    ]


class NewApiKey(ApiKey):
    """A key that was just made, with its text."""

    key: Annotated[
        str | None,
        Field(
            description="The key itself. It is shown this once; when the request is repeated "
            "with its Idempotency-Key, it is null.",
            examples=["sk_Zm9vYmFyYmF6cXV4Zm9vYmFyYmF6cXV4"],
        ),
    ]


class ApiKeyPage(PageOf[ApiKey]):
    """A page of keys, in the order of their ids."""

    data: Annotated[
        tuple[ApiKey, ...], Field(description="The keys.", examples=[[example_of(ApiKey)]])
    ]
