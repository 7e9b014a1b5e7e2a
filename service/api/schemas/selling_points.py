"""Selling points: what titles may say of a product, and what people said of that."""

from __future__ import annotations

from datetime import datetime  # noqa: TC003 - pydantic reads it when the model is made
from typing import Annotated

from pydantic import Field

from service.api.schemas.resource import Id, Resource, example_of
from service.api.schemas.wire import Wire
from service.decision.point_rules import Barred
from service.decision.verdicts import PointState

State = Annotated[
    PointState,
    Field(
        description="`suggested`: nobody said anything, it may be shown. `approved`: somebody "
        "read it, it may be shown. `locked`: it goes before all others. `banned`: it is never "
        "shown. It stays when the product is imported again, or deleted and brought back.",
        examples=["approved"],
    ),
]
Bar = Annotated[
    Barred | None,
    Field(
        description="Why no title says it now; null: titles may. `banned`: somebody banned it. "
        "`opted_out`: the store, or a merchant who has ads for the product, wants none. "
        "`banned_phrase`: a list of theirs holds it. `superlative`: nobody can prove it. "
        "`health_claim`: and the product has no certificate among its attributes. `other_brand`: "
        "it names a brand of the store that the title does not. `expired`: see `valid_until`.",
        examples=["superlative"],
    ),
]


class Evidence(Wire):
    """What of the product's data says it."""

    field: Annotated[
        str,
        Field(
            description="`highlight`, `title`, `description`, or an attribute's name.",
            examples=["material"],
        ),
    ]
    value: Annotated[str, Field(description="What stands there.", examples=["solid oak"])]
    version: Annotated[
        datetime | None,
        Field(
            description="Of the product's data: when they last changed.",
            examples=["2026-11-20T08:00:00Z"],
        ),
    ]


class SellingPoint(Wire):
    """A short true phrase about a product."""

    id: Annotated[str, Field(description="Names it.", examples=["sp_0193b2c4e5f67a8b"])]
    text: Annotated[str, Field(description="What titles say.", examples=["solid oak"])]
    kind: Annotated[
        str | None,
        Field(
            description="attribute, benefit, service, promo or social; null if the product does "
            "not say it any more.",
            examples=["attribute"],
        ),
    ]
    state: State
    evidence: Annotated[
        Evidence | None,
        Field(
            description="Null if the product does not say it any more; it is then not shown.",
            examples=[example_of(Evidence)],
        ),
    ]
    valid_until: Annotated[
        datetime | None,
        Field(
            description="When what it says of price, promotion or stock runs out; null: never.",
            examples=["2026-12-01T00:00:00Z"],
        ),
    ] = None
    barred: Bar = None


class SellingPoints(Resource):
    """All selling points of one product."""

    product_id: Annotated[str, Field(description="The product.", examples=["100001"])]
    selling_points: Annotated[
        tuple[SellingPoint, ...],
        Field(
            description="Those that the product attests, and those that somebody said something "
            "of before.",
            examples=[[example_of(SellingPoint)]],
        ),
    ]


class PointVerdict(Wire):
    """What is said of one selling point."""

    id: Annotated[Id, Field(description="Which one.", examples=["sp_0193b2c4e5f67a8b"])]
    state: State


class PointVerdicts(Wire):
    """What is said of some of a product's selling points; the others stay as they are."""

    selling_points: Annotated[
        tuple[PointVerdict, ...],
        Field(
            min_length=1,
            max_length=1000,
            description="Each at most once.",
            examples=[[example_of(PointVerdict)]],
        ),
    ]
