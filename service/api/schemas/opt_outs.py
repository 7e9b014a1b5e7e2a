"""The report of what people do not want said of products, and of what they do."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from service.api.schemas.resource import PageOf, Resource, example_of
from service.api.schemas.wire import Wire


class Said(StrEnum):
    """What was said of a phrase."""

    APPROVED = "approved"
    BANNED = "banned"
    LISTED = "listed"
    LOCKED = "locked"
    OPTED_OUT = "opted_out"


class OptOutRow(Resource):
    """One phrase, and who said it of how many products."""

    what: Annotated[
        Said,
        Field(
            description="`approved`, `banned` and `locked` were said of a product's selling "
            "point. `listed` stands in a list of banned phrases. `opted_out` has no phrase.",
            examples=["banned"],
        ),
    ]
    phrase: Annotated[str, Field(description="In lower case.", examples=["solid oak"])]
    products: Annotated[
        int | None,
        Field(
            description="Of how many products; null where it holds for all of whoever said it.",
            examples=[12],
        ),
    ]
    merchants: Annotated[
        int, Field(description="How many merchants said it, each by its own key.", examples=[3])
    ]
    by_store: Annotated[
        bool, Field(description="Whether a key of the whole store said it.", examples=[False])
    ]


class OptOutTotals(Wire):
    """How many there are, and how many of them opted out of what."""

    products: Annotated[int, Field(description="In the catalogue.", examples=[3000])]
    products_banned: Annotated[
        int, Field(description="With at least one banned selling point.", examples=[40])
    ]
    products_locked: Annotated[
        int, Field(description="With at least one locked selling point.", examples=[25])
    ]
    merchants: Annotated[int, Field(description="All advertisers.", examples=[75])]
    merchants_banning: Annotated[
        int, Field(description="Who banned a selling point, or list a phrase.", examples=[2])
    ]
    merchants_locking: Annotated[
        int, Field(description="Who locked a selling point.", examples=[4])
    ]
    merchants_opted_out: Annotated[
        int, Field(description="Who want no selling points at all.", examples=[1])
    ]


class OptOutPage(PageOf[OptOutRow]):
    """A page of the report, by what was said and phrase; the totals are of the whole."""

    data: Annotated[
        tuple[OptOutRow, ...],
        Field(description="A row for each phrase.", examples=[[example_of(OptOutRow)]]),
    ]
    totals: Annotated[
        OptOutTotals, Field(description="Of all pages.", examples=[example_of(OptOutTotals)])
    ]
