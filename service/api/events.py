"""POST /v1/events: check each event, keep those that are good, say what became of each."""

import asyncio
from time import time

import orjson

from service.api.event_log import AT_A_TIME
from service.api.event_salvage import Refused, salvage
from service.api.hot_route import INTAKE_ERRORS, Answer, Call, HotApp, Intake
from service.api.keys import Key, Scope
from service.api.problems import MOST_FAULTS, responses
from service.api.schemas.events import EventBatch, EventReceipt
from service.api.state import State
from service.api.told_events import Telling, Told, told_event
from service.errors import (
    BadInputError,
    BadTokenError,
    Fault,
    InvalidRequestError,
    StoreUnavailableError,
)
from service.store.events import Event, to_bytes

BODY_LIMIT = 1024 * 1024  # bytes


async def post_events(body: EventBatch, call: Call) -> Answer:
    """Take 1 to 500 events of any kind, or a single one bare; say what became of each.

    202 means that the accepted ones are kept safely. Sent again, an event counts once: by its
    ad and type where it brings a token, by `event_id`, or by order and line. Without consent, or
    with `Sec-GPC: 1`, events are kept without the shopper's ids. Browsers may send it as
    `text/plain` with `?key=` (sendBeacon).
    """
    state, key = call.held, call.key
    if key is None:
        raise StoreUnavailableError("no shop is loaded yet; try again in a second")
    sifted = await _sift(body, call, state, key)
    kept = [event for event in sifted if isinstance(event, Event)]
    if not kept:
        raise InvalidRequestError(_faults(sifted)[:MOST_FAULTS], len(sifted))
    # all of them, since Redis alone may lose its last second, and 202 is a promise
    bodies = [to_bytes(event) for event in kept]
    await state.log.append(b"event", bodies, surely=range(len(bodies)))
    for event in kept:
        state.metrics.count_event(event.type, event.invalid_reason)
    return Answer(_receipt(sifted, len(kept)), status=202)


async def _sift(body: EventBatch, call: Call, state: State, key: Key) -> list[Event | Refused]:
    """Each told event as what is kept of it, or as why it is not."""
    telling = Telling(
        call=call,
        key=key,
        signer=state.signer,
        now=time(),
        currency=state.live.of(key).snapshot.store.currency,
    )
    sifted: list[Event | Refused] = []
    for number, told in enumerate(body.events, 1):
        sifted.append(told if isinstance(told, Refused) else _check(told, telling))
        if number % AT_A_TIME == 0:
            await asyncio.sleep(0)  # requests for ads go in between
    return sifted


def _check(told: Told, telling: Telling) -> Event | Refused:
    try:
        return told_event(told, telling)
    except BadTokenError as error:
        return Refused("bad_token", str(error), "/token")
    except BadInputError as error:
        return Refused("bad_time", str(error), "/occurred_at")


def _faults(sifted: list[Event | Refused]) -> list[Fault]:
    return [
        Fault(f"/events/{index}{refused.below}", refused.code, refused.detail)
        for index, refused in enumerate(sifted)
        if isinstance(refused, Refused)
    ]


def _receipt(sifted: list[Event | Refused], kept: int) -> bytes:
    results = [
        {"index": index, "status": "rejected", "code": one.code, "detail": one.detail}
        if isinstance(one, Refused)
        else {"index": index, "status": "accepted", "code": None, "detail": None}
        for index, one in enumerate(sifted)
    ]
    return orjson.dumps({"accepted": kept, "rejected": len(sifted) - kept, "results": results})


def add_routes(app: HotApp) -> None:
    """Put POST /v1/events on `app`."""
    app.add_hot_route(
        "/v1/events",
        post_events,
        intake=Intake(BODY_LIMIT, Scope.EVENTS, (b"application/json", b"text/plain"), salvage),
        tags=["events"],
        summary="Tell what shoppers did",
        status_code=202,
        response_model=EventReceipt,
        response_description="What became of each event",
        responses=responses(*INTAKE_ERRORS, StoreUnavailableError),
    )
