"""Bulk requests: a bad item is named and left out, the good ones are kept."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import orjson
from pydantic import TypeAdapter

from service.api.json_body import as_request_error, parse_strictly
from service.api.problems import faults_of
from service.api.schemas.batches import BatchResult, ItemResult
from service.api.schemas.problems import ProblemError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pydantic import ValidationError

    from service.api.schemas.batches import Batch
    from service.errors import Fault

_INVALID, _MADE, _KEPT = 422, 201, 200


@dataclass(frozen=True, slots=True)
class Refused:
    """An item that is not kept, and why. Pointers are into the item."""

    status: int
    faults: tuple[Fault, ...]


def batch_result(outcomes: Sequence[str | Refused | None]) -> BatchResult:
    """The answer to a bulk request: the id that each item was given, or why it was refused.

    None is an item that is kept without an id.
    """
    results = tuple(_result(index, outcome) for index, outcome in enumerate(outcomes))
    refused = sum(isinstance(outcome, Refused) for outcome in outcomes)
    return BatchResult(made=len(outcomes) - refused, refused=refused, results=results)


def _result(index: int, outcome: str | Refused | None) -> ItemResult:
    if outcome is None:
        return ItemResult(index=index, status=_KEPT)
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
