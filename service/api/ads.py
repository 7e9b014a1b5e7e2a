"""POST /v1/ads: gather, decide, answer, record."""

from time import perf_counter, time
from typing import Any, NamedTuple

import orjson

from service.api.ad_answer import ad_explanation_of, answer_of, expiry, explanation_of
from service.api.base_url import base_url_of
from service.api.connection import ARRIVED
from service.api.consent import NOBODY, Known, known
from service.api.decision_record import record_of
from service.api.deliberation import Asked, Ruling
from service.api.hot_route import Answer, Call, HotApp, Intake
from service.api.ids import draw
from service.api.keys import Scope
from service.api.problems import responses
from service.api.schemas.ads import AdRequest, AdResponse
from service.api.state import State, state_of
from service.contract.history import EMPTY_HISTORY
from service.decision.live import Live
from service.decision.terms import AdQuery, Shopper
from service.errors import (
    BodyTooLargeError,
    ForbiddenError,
    InvalidRequestError,
    MalformedJsonError,
    StoreUnavailableError,
    UnauthenticatedError,
    UnknownPlacementError,
    UnsupportedMediaTypeError,
)
from service.store.profiles import WITHDRAWN, decode_profile, profile_key

PROFILE_DEADLINE_SECONDS = 0.010
BODY_LIMIT = 64 * 1024  # bytes


async def post_ads(body: AdRequest, call: Call) -> Answer:
    """Choose ads for one page of search results or of a category.

    The answer comes within `timeout_ms`, with less where a part fails or is late: see `degraded`.
    No ads is a good answer: `no_fill_reason` says why. Titles are personal only with
    `user.consent` and without the header `Sec-GPC: 1`.
    """
    started = call.scope.get(ARRIVED) or perf_counter()
    now = int(time() * 1000) / 1000  # whole milliseconds, as tokens carry them
    state, key = state_of(call), call.key
    if key is None:
        return _before_first_snapshot(state, now, started)
    if body.explain and not key.secret:
        raise ForbiddenError("explain needs a secret key")
    live = state.live.of(key)
    deadline = started + body.timeout_ms / 1000
    who = known(body.user, call)
    with state.docket.gathering():
        gathered = await _gather(who, live, state, now, deadline)
    who = NOBODY if gathered.withdrawn else who
    ready = perf_counter()
    request_id, seed = draw(now)
    asked = Asked(
        request_id=request_id,
        ts=now,
        seed=seed,
        live=live,
        query=_ad_query(body, live, gathered.shopper),
        known=who,
        device=body.context.device,
        profile=gathered.profile,
        missing=gathered.missing,
        deadline=deadline,
    )
    ruling = await state.docket.rule(asked)
    decided = perf_counter()
    answer = answer_of(ruling, base_url_of(call, state), state.signer)
    if body.explain:
        stages = {"gather": ready - started, "decide": decided - ready}
        _explain(answer, ruling, {name: round(took * 1e6) for name, took in stages.items()})
    took = perf_counter() - started
    answer["took_ms"] = round(took * 1000, 3)
    state.log.append_soon(b"decision", record_of(ruling, round(took * 1e6)))
    state.metrics.count_answer(
        took, len(ruling.decision.awards), ruling.decision.no_fill_reason, ruling.degraded
    )
    return Answer(orjson.dumps(answer))


class _Gathered(NamedTuple):
    """Who asks, with their profile if it may be read and comes in time; and what is missing."""

    shopper: Shopper
    profile: bytes | None = None
    missing: tuple[str, ...] = ()
    withdrawn: bool = False  # consent was, whatever the request says


async def _gather(who: Known, live: Live, state: State, now: float, deadline: float) -> _Gathered:
    if who.user_id is None:
        return _ANONYMOUS
    key = profile_key(live.snapshot.store.store_id, who.user_id)
    seconds = min(PROFILE_DEADLINE_SECONDS, deadline - perf_counter())
    try:
        profile = await state.profiles.get(key, seconds)
        if profile == WITHDRAWN:
            return _UNWILLING
        history, hidden = decode_profile(profile, now)
    except (StoreUnavailableError, ValueError, TypeError, KeyError):
        return _Gathered(Shopper(who.user_id, EMPTY_HISTORY), missing=("no_profile",))
    return _Gathered(Shopper(who.user_id, history, hidden), profile)


_ANONYMOUS = _Gathered(Shopper(None, EMPTY_HISTORY))
_UNWILLING = _ANONYMOUS._replace(withdrawn=True)


def _ad_query(body: AdRequest, live: Live, shopper: Shopper) -> AdQuery:
    placement = live.snapshot.placements.get(body.placement)
    if placement is None:
        raise UnknownPlacementError(body.placement)
    return AdQuery(
        query=body.query or "",
        category=body.category or "",
        placement=placement,
        slots=min(body.slots or placement.slots, placement.slots),
        shopper=shopper,
        excluded_products=frozenset(body.exclude),
        organic_products=frozenset(body.organic_ids),
        explain=body.explain,
    )


def _explain(answer: dict[str, Any], ruling: Ruling, stages_us: dict[str, int]) -> None:
    answer["explain"] = explanation_of(ruling, stages_us)
    for ad, awarded in zip(answer["ads"], ruling.decision.awards, strict=True):
        ad["explain"] = ad_explanation_of(awarded)


def _before_first_snapshot(state: State, now: float, started: float) -> Answer:
    """No keys are known yet either: whoever asks gets no ads."""
    took = perf_counter() - started
    state.metrics.count_answer(took, 0, "no_snapshot", ("no_snapshot",))
    return Answer(
        orjson.dumps(
            {
                "request_id": draw(now).request_id,
                "ads": [],
                "experiments": [],
                "no_fill_reason": "no_snapshot",
                "degraded": ["no_snapshot"],
                "took_ms": round(took * 1000, 3),
                "expires_at": expiry(now),
            }
        )
    )


def add_routes(app: HotApp) -> None:
    """Put POST /v1/ads on `app`."""
    app.add_hot_route(
        "/v1/ads",
        post_ads,
        intake=Intake(BODY_LIMIT, Scope.SERVE),
        tags=["ads"],
        summary="Ask for ads",
        response_model=AdResponse,
        response_description="The ads to show, best first; perhaps none",
        responses=responses(
            MalformedJsonError,
            UnauthenticatedError,
            ForbiddenError,
            BodyTooLargeError,
            UnsupportedMediaTypeError,
            InvalidRequestError,
            UnknownPlacementError,
        ),
    )
