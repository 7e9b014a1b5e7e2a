"""POST /v1/titles: what is asked and what is answered."""

from typing import Annotated

from pydantic import Field, StringConstraints

from service.api.schemas.sponsored_ads import SellingPointScore, Title
from service.api.schemas.wire import NAME, ProductId, User, Wire, Word


class TitlesRequest(Wire):
    """Ask for titles with selling points, for products that the page shows anyway."""

    products: Annotated[
        tuple[ProductId, ...],
        Field(
            min_length=1,
            max_length=200,
            description="The shop's products, in any order.",
            examples=[["100001", "100002"]],
        ),
    ]
    placement: Annotated[
        str,
        StringConstraints(min_length=1, max_length=64, pattern=NAME),
        Field(
            description="Whose limits hold: length of titles, how many selling points, where.",
            examples=["search_top"],
        ),
    ]
    query: Annotated[
        Word | None,
        Field(
            description="What the shopper searched for: a phrase that says no more than this is "
            "not chosen.",
            examples=["running shoes"],
        ),
    ] = None
    user: Annotated[
        User,
        Field(
            description="Who the shopper is.",
            examples=[{"id": "u-1042", "session": "s-77aa", "consent": True}],
        ),
    ] = User()
    timeout_ms: Annotated[
        int,
        Field(
            ge=1,
            le=10_000,
            description="Answer within this time, with plain titles if need be.",
            examples=[100],
        ),
    ] = 100
    explain: Annotated[
        bool, Field(description="Add scores. Needs a secret key.", examples=[False])
    ] = False


class ProductTitle(Wire):
    """A product's title for this shopper and query."""

    product_id: Annotated[str, Field(description="The shop's product.", examples=["100001"])]
    title: Annotated[
        Title,
        Field(
            description="The title to show.",
            examples=[
                {
                    "text": "Waterproof - Trail Running Shoe",
                    "original": "Trail Running Shoe",
                    "parts": [
                        {"text": "Waterproof", "selling_point": "sp_31c0", "highlight": True}
                    ],
                }
            ],
        ),
    ]
    reason: Annotated[
        str,
        Field(
            description="How the title was made: personal, prior, common, explored or plain.",
            examples=["personal"],
        ),
    ]
    selling_points: Annotated[
        tuple[SellingPointScore, ...] | None,
        Field(
            description="Only with a secret key and `explain`: the selling points in the title.",
            examples=[None],
        ),
    ] = None


class TitlesResponse(Wire):
    """The titles, in the order asked for, and what has none."""

    titles: Annotated[
        tuple[ProductTitle, ...],
        Field(
            description="A title for each product that is known.",
            examples=[
                [
                    {
                        "product_id": "100001",
                        "title": {"text": "Shoe", "original": "Shoe", "parts": []},
                        "reason": "plain",
                    }
                ]
            ],
        ),
    ]
    unknown: Annotated[
        tuple[str, ...],
        Field(
            description="Products asked for that are not in the catalogue, or not yet; for a "
            "merchant's key also those of others.",
            examples=[["100099"]],
        ),
    ]
    degraded: Annotated[
        tuple[str, ...],
        Field(
            description="Parts that were done without: no_profile, plain_titles, no_snapshot.",
            examples=[[]],
        ),
    ]
    took_ms: Annotated[
        float, Field(ge=0, description="Time taken in the service.", examples=[0.62])
    ]
