"""Shoppers: what they said may be known of them, and everything that is."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, Field

from service.api.schemas.resource import PageOf, Resource, example_of
from service.api.schemas.wire import Wire


class ConsentSaid(Wire):
    """What a shopper says may be known of them."""

    consent: Annotated[
        bool,
        Field(
            description="False: from now on nothing of this shopper is read or kept, even where "
            "a request says `consent: true`. True takes that back; each request still has to "
            "say so, too.",
            examples=[False],
        ),
    ]


class Consent(ConsentSaid):
    """What a shopper last said."""

    at: Annotated[
        AwareDatetime, Field(description="Since when.", examples=["2026-11-22T09:00:00Z"])
    ]


class Done(Wire):
    """Something that a shopper did."""

    text: Annotated[str, Field(description="The word, product or query.", examples=["waterproof"])]
    at: Annotated[AwareDatetime, Field(description="When.", examples=["2026-11-22T09:00:00Z"])]


class Profile(Wire):
    """What ads are chosen by: the shopper's last actions, newest first."""

    feature_words: Annotated[
        tuple[Done, ...],
        Field(description="Feature words that they clicked.", examples=[[example_of(Done)]]),
    ]
    clicked_products: Annotated[
        tuple[Done, ...],
        Field(
            description="Titles of the products whose ads they clicked.",
            examples=[[{"text": "Rain Jacket Fjell", "at": "2026-11-22T09:00:00Z"}]],
        ),
    ]
    queries: Annotated[
        tuple[Done, ...],
        Field(
            description="What they searched for.",
            examples=[[{"text": "rain jacket", "at": "2026-11-22T09:00:00Z"}]],
        ),
    ]
    hidden_ads: Annotated[
        tuple[str, ...],
        Field(
            description="Ads that they do not want to see again.",
            examples=[["ad_0193b2c4e5f67a8b9c0d1e2f3a4b5c6d"]],
        ),
    ]
    selling_points_seen: Annotated[
        dict[str, int],
        Field(
            description="Selling points in the titles of their newest pages, and how often.",
            examples=[{"taped seams": 3}],
        ),
    ]
    capped_campaigns: Annotated[
        dict[str, AwareDatetime],
        Field(
            description="Campaigns whose ads they saw as often as these allow, and until when "
            "their ads stay out.",
            examples=[{"cmp_9a1f": "2026-11-23T09:00:00Z"}],
        ),
    ]
    bought_products: Annotated[
        dict[str, AwareDatetime],
        Field(
            description="What they bought lately, and until when its ads stay out.",
            examples=[{"100001": "2026-12-22T09:00:00Z"}],
        ),
    ]


class UserRecord(Resource):
    """One event or decision that names the shopper."""

    id: Annotated[
        str,
        Field(
            description="Tells records of one moment apart.",
            examples=["0cc175b9c0f1b6a831c399e269772661"],
        ),
    ]
    kind: Annotated[
        Literal["event", "decision"],
        Field(
            description="What the shopper did, or what was decided for them.", examples=["event"]
        ),
    ]
    at: Annotated[
        AwareDatetime, Field(description="When it was.", examples=["2026-11-22T09:00:00Z"])
    ]
    content: Annotated[
        dict[str, Any],
        Field(
            description="All that is held of it.",
            examples=[{"type": "search", "query": "rain jacket", "session": "s-77aa"}],
        ),
    ]


class UserExport(PageOf[UserRecord]):
    """Everything that is held of one shopper; the records in pages, oldest first."""

    id: Annotated[str, Field(description="The shop's own id of the shopper.", examples=["u-1042"])]
    consent: Annotated[
        Consent | None,
        Field(
            description="What they said here; null if nothing, so that each request says.",
            examples=[example_of(Consent)],
        ),
    ]
    profile: Annotated[
        Profile | None,
        Field(
            description="The profile in force; null if there is none.",
            examples=[example_of(Profile)],
        ),
    ]
    data: Annotated[
        tuple[UserRecord, ...],
        Field(
            description="Events and decisions, oldest first.",
            examples=[[example_of(UserRecord)]],
        ),
    ]
