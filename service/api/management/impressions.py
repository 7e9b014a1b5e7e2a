"""What shoppers ask about an ad: /v1/ads/{impression_id}/why and /hide.

Pages call them with a publishable key and the token of the ad's own URLs.
"""

from dataclasses import replace
from time import time
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from sqlalchemy import RowMapping
from starlette.requests import HTTPConnection

from service.api import cors
from service.api.ad_answer import LABEL
from service.api.hot_route import Call
from service.api.keys import Scope
from service.api.management.answers import JSON
from service.api.management.caller import Caller, Gate
from service.api.management.database import Database
from service.api.management.route import Handler, ManagedRoute
from service.api.problems import responses
from service.api.reasons import reasons_of
from service.api.schemas.impressions import Why
from service.api.state import state_of
from service.api.token_events import event_of, token_in
from service.api.tokens import LONGEST, AdToken
from service.decision.terms import Micros
from service.errors import BadTokenError, Fault, InvalidRequestError, NotFoundError
from service.store.events import to_bytes
from service.store.management.impressions import get_award


class ShopperRoute(ManagedRoute):
    """A managed route that pages of other origins may call, if a publishable key lists them."""

    def get_route_handler(self) -> Handler:
        """The managed handler, with the headers that let the page read its answer."""
        handler = super().get_route_handler()

        async def handle(request: Request) -> Response:
            response = await handler(request)
            origin = Call(request.scope).header(b"origin")
            if origin is not None:
                for name, value in cors.headers_for(origin, state_of(request).live):
                    response.headers[name.decode()] = value.decode("latin-1")
            return response

        return handle


router = APIRouter(prefix="/v1", tags=["ads"], route_class=ShopperRoute)

Server = Annotated[Caller, Depends(Gate(Scope.SERVE, publishable=True))]
Teller = Annotated[Caller, Depends(Gate(Scope.EVENTS, publishable=True))]
ImpressionId = Annotated[
    str,
    Path(
        pattern="^imp_[0-9a-f]{34}$",
        description="The ad as it was shown.",
        examples=["imp_0193b2c4e5f67a8b9c0d1e2f3a4b5c6d00"],
    ),
]
TokenText = Annotated[
    str | None,
    Query(
        alias="token",
        max_length=LONGEST,
        description="The token of the ad, or one of its URLs. A secret key needs none.",
        examples=["AQKrq6urq6urq6urq6urq6urAwAAAAAAAeJA"],
    ),
]


@router.get(
    "/ads/{impression_id}/why",
    summary="Why this ad",
    response_model=Why,
    responses=responses(BadTokenError, NotFoundError),
)
async def explain_ad(
    impression_id: ImpressionId,
    caller: Server,
    database: Database,
    request: Request,
    token: TokenText = None,
) -> Response:
    """Tell a shopper who pays for an ad, and what they did that made it.

    It can be told from about a second after the ad was shown, until its shopper is erased.
    """
    caller.require_whole_store()
    _token(caller, impression_id, token, request)
    award = await _recorded(caller, impression_id, database)
    locale = state_of(request).live[caller.store_id].snapshot.store.locale
    why = Why(
        impression_id=impression_id,
        sponsored=True,
        label=LABEL,
        advertiser=award["advertiser"],
        product=award["award"]["title"],
        shown_at=award["ts"],
        personal=award["request"].get("profile") is not None,
        reasons=reasons_of(award["request"], award["award"], locale),
    )
    return Response(why.model_dump_json(), media_type=JSON)


@router.post(
    "/ads/{impression_id}/hide",
    summary="Do not show this ad again",
    status_code=204,
    responses=responses(BadTokenError, NotFoundError),
)
async def hide_ad(
    impression_id: ImpressionId,
    caller: Teller,
    database: Database,
    request: Request,
    token: TokenText = None,
) -> Response:
    """Keep an ad from a shopper: within a second it is in none of their answers.

    Without consent nobody is known to keep it from: then it only counts, and the page hides it.
    """
    caller.require_whole_store()
    signed = _token(caller, impression_id, token, request)
    if signed is None:
        signed = _as_signed(caller.store_id, await _recorded(caller, impression_id, database))
    state, call = state_of(request), Call(request.scope)
    told = event_of("hide", signed, call, now=time())
    # it is no less meant when the ad's time to be charged is over
    event = replace(told, event_key=impression_id, invalid_reason=None, price=None)
    await state.log.append(b"event", [to_bytes(event)])
    state.metrics.count_event("hide", None)
    return Response(status_code=204)


def _token(
    caller: Caller, impression_id: str, text: str | None, connection: HTTPConnection
) -> AdToken | None:
    """What the token says, if one was given.

    Raises: InvalidRequestError for a publishable key without one, BadTokenError if it is not of
    this impression.
    """
    if text is None:
        if caller.secret:
            return None
        detail = "A publishable key needs the token of the ad's URLs; nothing was received"
        raise InvalidRequestError([Fault("/query/token", "missing", detail)], 1)
    signed = state_of(connection).signer.read(token_in(text))
    if (signed.store_id, signed.impression_id) != (caller.store_id, impression_id):
        raise BadTokenError
    return signed


async def _recorded(caller: Caller, impression_id: str, database: Database) -> RowMapping:
    async with database.begin() as connection:
        award = await get_award(connection, caller.store_id, impression_id)
    if award is None:
        raise NotFoundError("recorded impression", impression_id)
    return award


def _as_signed(store_id: str, recorded: RowMapping) -> AdToken:
    """What the ad's token says, as far as an event needs it."""
    award = recorded["award"]
    return AdToken(
        store_id=store_id,
        request_id=f"req_{award['impression_id'][4:36]}",
        slot=award["slot"],
        ad_id=award["ad_id"],
        campaign_id=award["campaign_id"],
        product_id=award["product_id"],
        price=Micros(0),
        ts=recorded["ts"].timestamp(),
        lifetime_seconds=0,
        user_id=recorded["request"].get("user_id"),
        url="",
    )
