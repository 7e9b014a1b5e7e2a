"""Bulk requests: a bad item is named and left out, the good ones are kept."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

import orjson
from pydantic import Field, TypeAdapter

from service.api.json_body import as_request_error, parse_strictly
from service.api.problems import faults_of
from service.api.schemas.problems import ProblemError
from service.api.schemas.wire import Wire

if TYPE_CHECKING:
    from pydantic import ValidationError

    from service.errors import Fault

MOST_ITEMS = 1000
_INVALID, _MADE = 422, 201


class Batch(Wire):
    """A body that is a list of items in the field ITEMS, each of which stands by itself."""

    ITEMS: ClassVar[str]

    def items(self) -> tuple[Any, ...]:
        """The items, with a `Refused` in the place of each bad one."""
        found: tuple[Any, ...] = getattr(self, self.ITEMS)
        return found


@dataclass(frozen=True, slots=True)
class Refused:
    """An item that is not kept, and why. Pointers are into the item."""

    status: int
    faults: tuple[Fault, ...]


class ItemResult(Wire):
    """What became of one item."""

    index: Annotated[int, Field(ge=0, description="Its place in the request.", examples=[0])]
    status: Annotated[
        int, Field(description="What a request of its own would have got.", examples=[201])
    ]
    id: Annotated[
        str | None,
        Field(
            description="What was made; null if nothing was.",
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


def batch_result(outcomes: list[str | Refused]) -> BatchResult:
    """The answer to a bulk request: the id that each item was given, or why it was refused."""
    results = tuple(_result(index, outcome) for index, outcome in enumerate(outcomes))
    refused = sum(isinstance(outcome, Refused) for outcome in outcomes)
    return BatchResult(made=len(outcomes) - refused, refused=refused, results=results)


def _result(index: int, outcome: str | Refused) -> ItemResult:
    if isinstance(outcome, str):
        return ItemResult(index=index, status=_MADE, id=outcome)
    errors = tuple(
        ProblemError(pointer=fault.pointer, code=fault.code, detail=fault.detail)
        for fault in outcome.faults
    )
    return ItemResult(index=index, status=outcome.status, errors=errors)


def salvage(model: type[Batch], body: bytes, error: ValidationError) -> Batch:
    """The batch with a `Refused` in the place of each bad item.

    Raises: InvalidRequestError when the fault is outside the items, MalformedJsonError when
    `body` is no JSON.
    """
    bad = _bad_items(model, error)
    item = model.model_fields[model.ITEMS].annotation.__args__[0]  # type: ignore[union-attr] # a tuple's
    adapter: TypeAdapter[Any] = TypeAdapter(item)
    told = parse_strictly(body)[model.ITEMS]
    items = tuple(
        Refused(_INVALID, tuple(bad[index]))
        if index in bad
        else adapter.validate_json(orjson.dumps(one))
        for index, one in enumerate(told)
    )
    return model.model_construct({model.ITEMS}, **{model.ITEMS: items})


def _bad_items(model: type[Batch], error: ValidationError) -> dict[int, list[Fault]]:
    place = re.compile(rf"/{model.ITEMS}/(\d+)(/.*)?")
    bad: dict[int, list[Fault]] = defaultdict(list)
    for fault in faults_of(error)[0]:
        found = place.fullmatch(fault.pointer)
        if found is None:
            raise as_request_error(error)
        inner = type(fault)(found[2] or "", fault.code, fault.detail)
        bad[int(found[1])].append(inner)
    return bad
