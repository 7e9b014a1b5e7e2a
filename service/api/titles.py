"""POST /v1/titles: titles with selling points for products that the page shows anyway."""

from time import perf_counter, time
from typing import Any

import orjson

from service.api.ad_answer import selling_points_of, title_of
from service.api.connection import ARRIVED
from service.api.consent import NOBODY, known
from service.api.gathering import gather
from service.api.hot_route import INTAKE_ERRORS, Answer, Call, HotApp, Intake
from service.api.keys import Scope
from service.api.problems import responses
from service.api.schemas.titles import TitlesRequest, TitlesResponse
from service.decision.entitle import Titles, write_titles
from service.decision.experiments import assign, policy_of, unit_of
from service.decision.scorers import Scorers
from service.decision.terms import AdQuery
from service.errors import ForbiddenError, UnknownPlacementError

BODY_LIMIT = 64 * 1024  # bytes


async def post_titles(body: TitlesRequest, call: Call) -> Answer:
    """Write titles as ads of these products would have them: no auction, nothing is charged.

    For organic results, and for merchants who want to see what shoppers would: a key bound to a
    merchant, with the scope manage, sees the products that the merchant has ads for. A shopper
    who is in an experiment's arm gets the titles of that arm.
    """
    started = call.scope.get(ARRIVED) or perf_counter()
    state, key, now = call.held, call.key, time()
    if key is None:
        return _answer(body, Titles((None,) * len(body.products), ("no_snapshot",)), (), started)
    if body.explain and not key.secret:
        raise ForbiddenError("explain needs a secret key")
    live = state.live.of(key)
    placement = live.snapshot.placements.get(body.placement)
    if placement is None:
        raise UnknownPlacementError(body.placement)
    deadline = started + body.timeout_ms / 1000
    # a merchant who could name a shopper would learn what that shopper likes
    who = known(body.user, call) if key.advertiser_id is None else NOBODY
    gathered = await gather(who, key.store_id, state, now, deadline)
    unit = unit_of(gathered.known.user_id, gathered.known.session)
    policy = policy_of(assign(live.snapshot.experiments, unit))
    in_time = state.docket.clock.allows(perf_counter(), deadline)
    titles = write_titles(
        body.products,
        AdQuery(body.query or "", "", placement, placement.slots, gathered.shopper, policy=policy),
        live.snapshot,
        live.scorers if in_time else Scorers(),
        now=now,
        advertiser_id=key.advertiser_id,
    )
    return _answer(body, titles, gathered.missing, started)


def _answer(
    body: TitlesRequest, titles: Titles, missing: tuple[str, ...], started: float
) -> Answer:
    told: list[dict[str, Any]] = []
    unknown = []
    for product_id, entitled in zip(body.products, titles.titles, strict=True):
        if entitled is None:
            unknown.append(product_id)
            continue
        one: dict[str, Any] = {
            "product_id": product_id,
            "title": title_of(entitled.title),
            "reason": entitled.reason,
        }
        if body.explain:
            one["selling_points"] = selling_points_of(entitled.chosen)
        told.append(one)
    content = {
        "titles": told,
        "unknown": unknown,
        "degraded": missing + titles.degraded,
        "took_ms": round((perf_counter() - started) * 1000, 3),
    }
    return Answer(orjson.dumps(content))


def add_routes(app: HotApp) -> None:
    """Put POST /v1/titles on `app`."""
    app.add_hot_route(
        "/v1/titles",
        post_titles,
        intake=Intake(BODY_LIMIT, Scope.SERVE, merchants=Scope.MANAGE),
        tags=["ads"],
        summary="Write titles",
        response_model=TitlesResponse,
        response_description="The titles, and the products that are not known",
        responses=responses(*INTAKE_ERRORS, UnknownPlacementError),
    )
