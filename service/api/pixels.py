"""GET /i, /v and /c: the URLs that an ad carries into a page. They wait for no store."""

from time import time
from typing import Annotated
from urllib.parse import quote

from fastapi import Path, Response
from fastapi.responses import RedirectResponse

from service.api.hot_route import Answer, Call, HotApp
from service.api.problems import responses
from service.api.state import State
from service.api.token_events import event_of
from service.api.tokens import LONGEST, AdToken
from service.api.traffic import verdict_on
from service.errors import BadTokenError
from service.store.events import to_bytes

_URL_CHARACTERS = "%/:?#[]@!$&'()*+,;=-._~"
_NEVER_KEPT = (b"cache-control", b"no-store, private")
_PIXEL = Answer(
    bytes.fromhex(  # a transparent GIF of 1 x 1
        "47494638396101000100800000000000ffffff21f90401000000002c00000000010001000002024401003b"
    ),
    headers=((b"content-type", b"image/gif"), _NEVER_KEPT),
)

Token = Annotated[
    str,
    Path(
        description="The signed token of the ad's own URL.",
        max_length=LONGEST,
        examples=["AQKrq6urq6urq6urq6urq6urAwAAAAAAAeJA"],
        openapi_examples={"token": {"value": "AQKrq6urq6urq6urq6urq6urAwAAAAAAAeJA"}},
    ),
]


async def get_impression(token: Token, call: Call) -> Answer:
    """Count that the ad was rendered. Loaded again, it counts once; HEAD never counts."""
    _keep("impression", token, call)
    return _PIXEL


async def get_view(token: Token, call: Call) -> Answer:
    """Count that half of the ad was in view for a second. It counts once; HEAD never counts."""
    _keep("view", token, call)
    return _PIXEL


async def get_click(token: Token, call: Call) -> Answer:
    """Lead the shopper to the product and charge the click, once.

    A click after `expires_at`, of a bot or of a prefetch leads on as well, uncharged.
    """
    award = _keep("click", token, call)
    # what stands beyond ASCII is escaped; escapes that are there stay
    location = (b"location", quote(award.url, safe=_URL_CHARACTERS).encode())
    return Answer(status=302, headers=(location, _NEVER_KEPT))


def _keep(kind: str, text: str, call: Call) -> AdToken:
    """Check the token and note the event, unless the request only asks for headers."""
    state = call.held
    token = state.signer.read(text)
    if call.scope["method"] != "HEAD":
        _note(kind, token, call, state)
    return token


def _note(kind: str, token: AdToken, call: Call, state: State) -> None:
    now = time()
    event = event_of(kind, token, call, now=now, verdict=verdict_on(kind, token, call, now))
    if kind == "click":
        state.log.append_surely(b"event", to_bytes(event))
    else:
        state.log.append_soon(b"event", to_bytes(event))
    state.metrics.count_event(kind, event.invalid_reason)


def add_routes(app: HotApp) -> None:
    """Put the three on `app`."""
    pixel = {
        200: {
            "description": "A transparent picture of one pixel",
            "content": {"image/gif": {"schema": {"type": "string", "format": "binary"}}},
        },
        **responses(BadTokenError),
    }
    redirect = {
        302: {
            "description": "To the product",
            "headers": {
                "Location": {
                    "description": "The product's own page.",
                    "schema": {"type": "string", "format": "uri"},
                }
            },
        },
        **responses(BadTokenError),
    }
    app.add_hot_route(
        "/i/{token}.gif",
        get_impression,
        tags=["ad urls"],
        summary="Count an impression",
        response_class=Response,
        responses=pixel,
        response_model=None,
    )
    app.add_hot_route(
        "/v/{token}.gif",
        get_view,
        tags=["ad urls"],
        summary="Count a view",
        response_class=Response,
        responses=pixel,
        response_model=None,
    )
    app.add_hot_route(
        "/c/{token}",
        get_click,
        tags=["ad urls"],
        summary="Click an ad",
        response_class=RedirectResponse,
        status_code=302,
        responses=redirect,
        response_model=None,
    )
