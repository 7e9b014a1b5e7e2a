"""POST /v1/ads: gather, decide, answer, record."""

from collections.abc import Sequence
from time import perf_counter, time
from typing import Any, NamedTuple

import orjson

from service.api.ad_answer import ad_explanation_of, answer_of, expiry, explanation_of
from service.api.base_url import base_url_of
from service.api.connection import ARRIVED
from service.api.consent import known
from service.api.decision_record import record_of
from service.api.deliberation import Asked, Ruling
from service.api.gathering import Gathered, gather
from service.api.hot_route import INTAKE_ERRORS, Answer, Call, HotApp, Intake
from service.api.ids import draw
from service.api.keys import Scope
from service.api.problems import responses
from service.api.schemas.ads import AdRequest, AdResponse, Area, PageResponse
from service.api.state import State
from service.decision.experiments import Assignment, assign, policy_of, unit_of
from service.decision.live import Live
from service.decision.terms import AdQuery, Placement
from service.errors import ForbiddenError, UnknownPlacementError

BODY_LIMIT = 64 * 1024  # bytes


class _Page(NamedTuple):
    """What all areas of a page share; times are on `perf_counter`."""

    body: AdRequest
    state: State
    live: Live
    gathered: Gathered
    assignments: tuple[Assignment, ...]
    base_url: str
    now: float  # Unix seconds
    started: float
    ready: float
    deadline: float


async def post_ads(body: AdRequest, call: Call) -> Answer:
    """Choose ads for one page of search results or of a category.

    The answer comes within `timeout_ms`, with less where a part fails or is late: see `degraded`.
    No ads is a good answer: `no_fill_reason` says why. `experiments` are the arms that a known
    shopper, or session, is in. Titles are personal only with
    `user.consent` and without the header `Sec-GPC: 1`. With `placements` in place of `placement`
    several areas of the page are filled at once: no product stands in two of them.
    """
    started = call.scope.get(ARRIVED) or perf_counter()
    now = int(time() * 1000) / 1000  # whole milliseconds, as tokens carry them
    state, key = call.held, call.key
    if key is None:
        return _before_first_snapshot(body, state, now, started)
    if body.explain and not key.secret:
        raise ForbiddenError("explain needs a secret key")
    live = state.live.of(key)
    placements = _placements(body, live)
    deadline = started + body.timeout_ms / 1000
    with state.docket.gathering:
        gathered = await gather(known(body.user, call), key.store_id, state, now, deadline)
    unit = unit_of(gathered.known.user_id, gathered.known.session)
    arms = assign(live.snapshot.experiments, unit)
    ready, base_url = perf_counter(), base_url_of(call, state)
    page = _Page(body, state, live, gathered, arms, base_url, now, started, ready, deadline)
    if body.placements is None:
        return Answer(orjson.dumps(await _fill(page, placements[0], body.slots, body.exclude)))
    return Answer(orjson.dumps(await _fill_all(page, body.placements, placements)))


def _placements(body: AdRequest, live: Live) -> list[Placement]:
    """The placements asked for, one or several."""
    if body.placements is None:
        return [_placement(body.placement or "", "/placement", live)]
    return [
        _placement(area.placement, f"/placements/{place}/placement", live)
        for place, area in enumerate(body.placements)
    ]


def _placement(name: str, pointer: str, live: Live) -> Placement:
    placement = live.snapshot.placements.get(name)
    if placement is None:
        raise UnknownPlacementError(name, pointer)
    return placement


async def _fill_all(
    page: _Page, areas: Sequence[Area], placements: Sequence[Placement]
) -> dict[str, Any]:
    """Fill area after area, each without the products of those before."""
    answers, taken = [], page.body.exclude
    for area, placement in zip(areas, placements, strict=True):
        answer = await _fill(page, placement, area.slots, taken)
        taken += tuple(ad["product_id"] for ad in answer["ads"])
        answers.append({"placement": placement.name, **answer})
    return {"placements": answers, "took_ms": answers[-1]["took_ms"]}


async def _fill(
    page: _Page, placement: Placement, slots: int | None, excluded: tuple[str, ...]
) -> dict[str, Any]:
    """Decide for one area, record it, and tell."""
    request_id, seed = draw(page.now)
    gathered = page.gathered
    asked = Asked(
        request_id=request_id,
        ts=page.now,
        seed=seed,
        live=page.live,
        query=_ad_query(page, placement, slots, excluded),
        known=gathered.known,
        device=page.body.context.device,
        profile=gathered.profile,
        missing=gathered.missing,
        deadline=page.deadline,
        assignments=page.assignments,
    )
    ruling = await page.state.docket.rule(asked)
    decided = perf_counter()
    allowance = page.state.allowances[page.live.snapshot.store.store_id]
    allowance.take(ruling.decision.awards, decided, placement.platform, page.live.limited)
    answer = answer_of(ruling, page.base_url, page.state.signer)
    if page.body.explain:
        gathering, deciding = page.ready - page.started, decided - page.ready
        waiting = max(deciding - sum(ruling.stages.values()), 0.0)
        stages = {"gather": gathering, "wait": waiting, **ruling.stages}
        _explain(answer, ruling, {name: round(took * 1e6) for name, took in stages.items()})
    took = perf_counter() - page.started
    answer["took_ms"] = round(took * 1000, 3)
    page.state.log.append_soon(b"decision", record_of(ruling, round(took * 1e6)))
    page.state.metrics.count_answer(
        took, len(ruling.decision.awards), ruling.decision.no_fill_reason, ruling.degraded
    )
    return answer


def _ad_query(
    page: _Page, placement: Placement, slots: int | None, excluded: tuple[str, ...]
) -> AdQuery:
    body = page.body
    return AdQuery(
        query=body.query or "",
        category=body.category or "",
        placement=placement,
        slots=min(slots or placement.slots, placement.slots),
        shopper=page.gathered.shopper,
        excluded_products=frozenset(excluded),
        organic_products=frozenset(body.organic_ids),
        explain=body.explain,
        policy=policy_of(page.assignments),
        # a lot would blur what an arm shows
        explored_share=0.0 if page.assignments else page.state.explored_share,
    )


def _explain(answer: dict[str, Any], ruling: Ruling, stages_us: dict[str, int]) -> None:
    answer["explain"] = explanation_of(ruling, stages_us)
    for ad, awarded in zip(answer["ads"], ruling.decision.awards, strict=True):
        ad["explain"] = ad_explanation_of(awarded)


def _before_first_snapshot(body: AdRequest, state: State, now: float, started: float) -> Answer:
    """No keys are known yet either: whoever asks gets no ads."""
    took = perf_counter() - started
    state.metrics.count_answer(took, 0, "no_snapshot", ("no_snapshot",))
    answer = {
        "request_id": draw(now).request_id,
        "ads": [],
        "experiments": [],
        "no_fill_reason": "no_snapshot",
        "degraded": ["no_snapshot"],
        "took_ms": round(took * 1000, 3),
        "expires_at": expiry(now),
    }
    if body.placements is None:
        return Answer(orjson.dumps(answer))
    answers = [{"placement": area.placement, **answer} for area in body.placements]
    return Answer(orjson.dumps({"placements": answers, "took_ms": answer["took_ms"]}))


def add_routes(app: HotApp) -> None:
    """Put POST /v1/ads on `app`."""
    app.add_hot_route(
        "/v1/ads",
        post_ads,
        intake=Intake(BODY_LIMIT, Scope.SERVE),
        tags=["ads"],
        summary="Ask for ads",
        response_model=AdResponse | PageResponse,
        response_description="The ads to show, best first; perhaps none",
        responses=responses(*INTAKE_ERRORS, UnknownPlacementError),
    )
