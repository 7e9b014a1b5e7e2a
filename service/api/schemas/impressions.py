"""What a shopper may ask about an ad that they were shown."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import AwareDatetime, Field

from service.api.schemas.resource import example_of
from service.api.schemas.wire import Wire


class ReasonKind(StrEnum):
    """What made the ad what it is."""

    SEARCH = "search"
    CATEGORY = "category"
    FEATURE_WORD = "feature_word"
    EARLIER_SEARCH = "earlier_search"
    CLICKED_PRODUCT = "clicked_product"
    RECENT_ACTIONS = "recent_actions"


class Reason(Wire):
    """One thing that made this ad appear, or its title read as it does."""

    kind: Annotated[
        ReasonKind,
        Field(
            description="`search`, `category`: what the page was asked for. `feature_word`, "
            "`earlier_search`, `clicked_product`: something that this shopper did before. "
            "`recent_actions`: what they did lately, taken together.",
            examples=["feature_word"],
        ),
    ]
    text: Annotated[
        str | None,
        Field(description="The words searched for or clicked.", examples=["waterproof"]),
    ] = None
    selling_point: Annotated[
        str | None,
        Field(
            description="What the title says because of it; null: it made the ad appear.",
            examples=["waterproof to 10,000 mm"],
        ),
    ] = None


class Why(Wire):
    """Why a shopper was shown an ad."""

    impression_id: Annotated[
        str,
        Field(
            description="The ad as it was shown.",
            examples=["imp_0193b2c4e5f67a8b9c0d1e2f3a4b5c6d00"],
        ),
    ]
    sponsored: Annotated[
        bool, Field(description="Somebody pays for it: always true.", examples=[True])
    ]
    label: Annotated[str, Field(description="How it was labelled.", examples=["Sponsored"])]
    advertiser: Annotated[
        str | None,
        Field(description="Who pays; null if it is gone since.", examples=["Regen & Wind"]),
    ]
    product: Annotated[
        str, Field(description="The product's own title.", examples=["Rain Jacket Fjell"])
    ]
    shown_at: Annotated[
        AwareDatetime, Field(description="When it was chosen.", examples=["2026-11-22T09:00:00Z"])
    ]
    personal: Annotated[
        bool,
        Field(
            description="Whether anything that this shopper did before was looked at.",
            examples=[True],
        ),
    ]
    reasons: Annotated[
        tuple[Reason, ...],
        Field(description="What made it, the page first.", examples=[[example_of(Reason)]]),
    ]
