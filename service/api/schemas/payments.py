"""What advertisers pay ahead."""

from __future__ import annotations

from typing import Annotated

from pydantic import AwareDatetime, Field, StringConstraints

from service.api.schemas.resource import MOST_MICROS, ONE_LINE, PageOf, Resource, example_of
from service.api.schemas.wire import Wire

_Note = Annotated[str, StringConstraints(max_length=200, pattern=rf"^$|{ONE_LINE}")]


def _not_zero(schema: dict[str, object]) -> None:
    schema["not"] = {"const": 0}


class PaymentDraft(Wire):
    """Money that came in, or goes out again."""

    amount_micros: Annotated[
        int,
        Field(
            ge=-MOST_MICROS,
            le=MOST_MICROS,
            description="How much, in micros of the store's currency; below zero it is paid out "
            "again, at most the balance. Not 0.",
            examples=[500_000_000],
            json_schema_extra=_not_zero,
        ),
    ]
    note: Annotated[
        _Note, Field(description="What people call it.", examples=["Transfer of 22 November"])
    ] = ""


class Payment(Resource):
    """A payment of an advertiser. It stays as it is."""

    id: Annotated[
        str,
        Field(description="Names the payment.", examples=["pay_0193b2c4e5f67a8b9c0d1e2f3a4b5c6d"]),
    ]
    advertiser_id: Annotated[
        str, Field(description="Whose.", examples=["adv_0193b2c4e5f67a8b9c0d1e2f3a4b5c6d"])
    ]
    amount_micros: Annotated[
        int, Field(description="How much, in micros.", examples=[500_000_000])
    ]
    note: Annotated[
        str, Field(description="What people call it.", examples=["Transfer of 22 November"])
    ]
    created_at: Annotated[
        AwareDatetime, Field(description="When it was booked.", examples=["2026-11-22T09:00:00Z"])
    ]


class PaymentPage(PageOf[Payment]):
    """A page of payments, in the order in which they were booked."""

    data: Annotated[
        tuple[Payment, ...],
        Field(description="The payments.", examples=[[example_of(Payment)]]),
    ]
