"""Bulk requests and their answers: every item has its own result."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

from pydantic import Field

from service.api.schemas.problems import ProblemError  # noqa: TC001 - pydantic reads it
from service.api.schemas.wire import Wire

MOST_ITEMS = 1000


class Batch(Wire):
    """A body that is a list of items in the field ITEMS, each of which stands by itself."""

    ITEMS: ClassVar[str]

    def items(self) -> tuple[Any, ...]:
        """The items, with a `Refused` in the place of each bad one."""
        found: tuple[Any, ...] = getattr(self, self.ITEMS)
        return found


class ItemResult(Wire):
    """What became of one item."""

    index: Annotated[int, Field(ge=0, description="Its place in the request.", examples=[0])]
    status: Annotated[
        int, Field(description="What a request of its own would have got.", examples=[201])
    ]
    id: Annotated[
        str | None,
        Field(
            description="What was made; null if it has no id, or nothing was.",
            examples=["ad_0193b2c4e5f67a8b9c0d1e2f3a4b5c6d"],
        ),
    ] = None
    errors: Annotated[
        tuple[ProblemError, ...],
        Field(
            description="Why it was refused; pointers are into the item.",
            examples=[
                [
                    {
                        "pointer": "/product_id",
                        "code": "unknown_product",
                        "detail": "The store has no product '100999'",
                    }
                ]
            ],
        ),
    ] = ()


class BatchResult(Wire):
    """What became of each item of a bulk request."""

    made: Annotated[int, Field(ge=0, description="How many items were kept.", examples=[1])]
    refused: Annotated[int, Field(ge=0, description="How many were not.", examples=[0])]
    results: Annotated[
        tuple[ItemResult, ...],
        Field(
            description="One for each item, in the order of the request.",
            examples=[
                [
                    {
                        "index": 0,
                        "status": 201,
                        "id": "ad_0193b2c4e5f67a8b9c0d1e2f3a4b5c6d",
                        "errors": [],
                    }
                ]
            ],
        ),
    ]
