"""A batch with bad events in it: the good ones are kept, the bad ones are named."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import orjson
from pydantic import TypeAdapter, ValidationError

from service.api.json_body import as_request_error, parse_strictly
from service.api.problems import MOST_FAULTS, faults_of
from service.api.schemas.events import EVENT_TYPES, AnyEvent, EventBatch
from service.errors import InvalidRequestError

if TYPE_CHECKING:
    from service.errors import Fault

_IN_EVENT = re.compile(r"/events/(\d+)(/.*)?")
_one_event: TypeAdapter[Any] = TypeAdapter(AnyEvent)


@dataclass(frozen=True, slots=True)
class Refused:
    """An event that is not kept, and why. `below` points into the event."""

    code: str
    detail: str
    below: str = ""


@dataclass(frozen=True, slots=True)
class SalvagedBatch:
    """Like an `EventBatch`, with a `Refused` in the place of each bad event."""

    events: tuple[Any, ...]


def salvage(body: bytes, error: ValidationError) -> SalvagedBatch:
    """The batch with its good events, or the one event that came without a batch around it.

    Raises: InvalidRequestError when none is good or the fault is outside the events,
    MalformedJsonError when `body` is no JSON.
    """
    if b'"events"' not in body and (bare := _bare_event(body)) is not None:
        return bare
    faults, _ = faults_of(error, EVENT_TYPES)
    bad: dict[int, list[tuple[str, Fault]]] = defaultdict(list)
    for fault in faults:
        place = _IN_EVENT.fullmatch(fault.pointer)
        if place is None:
            raise as_request_error(error, EVENT_TYPES)
        bad[int(place[1])].append((place[2] or "", fault))
    told = parse_strictly(body)["events"]
    if len(bad) == len(told):
        raise as_request_error(error, EVENT_TYPES)
    return SalvagedBatch(
        tuple(
            _refused(bad[index]) if index in bad else _one_event.validate_json(orjson.dumps(one))
            for index, one in enumerate(told)
        )
    )


def _bare_event(body: bytes) -> SalvagedBatch | None:
    try:
        told = orjson.loads(body)
    except orjson.JSONDecodeError:
        return None
    if not isinstance(told, dict) or "type" not in told:
        return None
    parse_strictly(body)
    try:
        return SalvagedBatch(EventBatch.model_validate_json(b'{"events":[%b]}' % body).events)
    except ValidationError as error:
        faults, total = faults_of(error, EVENT_TYPES)
        own = [replace(fault, pointer=fault.pointer.removeprefix("/events/0")) for fault in faults]
        raise InvalidRequestError(own[:MOST_FAULTS], total) from None


def _refused(faults: list[tuple[str, Fault]]) -> Refused:
    below = faults[0][0]
    detail = "; ".join(f"{where or '/'}: {fault.detail}" for where, fault in faults[:3])
    return Refused("invalid_event", detail, below)
