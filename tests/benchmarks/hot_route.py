"""What stands around an endpoint: a hot route against FastAPI's own, in process.

    python -m tests.benchmarks.hot_route

The endpoint does nothing but hand back a made answer of four ads. Both routes check the body and
the answer has the same bytes. Printed: microseconds of CPU for each request, the median of nine
rounds. The share of a request is set against its floor by `make bench`.
"""

from __future__ import annotations

import statistics
import time
from typing import TYPE_CHECKING, Any

import orjson
import uvloop
from starlette.middleware.base import BaseHTTPMiddleware

from service.api.hot_route import Answer, Call, HotApp, Intake
from service.api.keys import LiveStores
from service.api.metrics import Metrics
from service.api.schemas.ads import AdRequest, AdResponse
from service.api.state import State
from service.api.tokens import TokenSigner

if TYPE_CHECKING:
    from starlette.middleware.base import RequestResponseEndpoint
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.types import Message, Scope

ROUNDS, REQUESTS = 9, 1_000
BODY = orjson.dumps(
    {
        "query": "trail running shoes",
        "placement": "search_top",
        "user": {"id": "u-1", "session": "s-1", "consent": True},
        "context": {"geo": "DE", "page": "https://shop.example/search"},
    }
)
HEADERS = [
    (b"host", b"127.0.0.1:8000"),
    (b"content-type", b"application/json"),
    (b"content-length", b"%d" % len(BODY)),
    (b"user-agent", b"benchmark"),
]


def made_answer() -> dict[str, Any]:
    """Four ads as a busy page gets them."""
    token = "A" * 300
    title = {
        "text": "Waterproof Trail Running Shoe",
        "original": "Trail Running Shoe",
        "parts": ({"text": "Waterproof", "selling_point": "sp_1", "highlight": True},),
    }
    ads = [
        {
            "ad_id": f"ad_{slot}",
            "product_id": str(slot),
            "campaign_id": "cmp_1",
            "slot": slot,
            "title": title,
            "impression_id": "imp_1",
            "click_url": f"https://ads.example/c/{token}",
            "impression_url": f"https://ads.example/i/{token}.gif",
            "view_url": f"https://ads.example/v/{token}.gif",
            "label": "Sponsored",
        }
        for slot in range(4)
    ]
    return {
        "request_id": "req_1",
        "ads": tuple(ads),
        "experiments": (),
        "no_fill_reason": None,
        "degraded": (),
        "took_ms": 0.5,
        "expires_at": "2026-01-31T12:00:00Z",
    }


ANSWER = made_answer()


async def hot(body: AdRequest, call: Call) -> Answer:
    """The endpoint of a hot route."""
    assert body.query, call
    return Answer(orjson.dumps(ANSWER))


async def plain(body: AdRequest) -> Any:
    """The endpoint of a plain route."""
    assert body.query
    return ANSWER


async def passing_on(request: Request, call_next: RequestResponseEndpoint) -> Response:
    """A middleware that does nothing."""
    return await call_next(request)


def application(*, middleware: bool = False) -> HotApp:
    """Both routes in one application."""
    app = HotApp()
    app.add_hot_route("/hot", hot, intake=Intake(65_536), response_model=AdResponse)
    app.post("/model", response_model=AdResponse)(plain)
    app.post("/plain", response_model=None)(plain)
    if middleware:
        app.add_middleware(BaseHTTPMiddleware, dispatch=passing_on)
    signer, live = TokenSigner({1: b"k" * 32}), LiveStores()
    unused: Any = None
    app.state.salient = State(live, signer, profiles=unused, log=unused, metrics=Metrics())
    return app


async def microseconds(app: HotApp, path: str) -> float:
    """CPU time of one request, the median of the rounds."""

    async def receive() -> Message:
        return {"type": "http.request", "body": BODY, "more_body": False}

    async def send(message: Message) -> None:
        if message["type"] == "http.response.start" and message["status"] != 200:
            raise RuntimeError(message)

    def scope() -> Scope:
        return {
            "type": "http",
            "method": "POST",
            "path": path,
            "raw_path": path.encode(),
            "root_path": "",
            "query_string": b"",
            "scheme": "http",
            "http_version": "1.1",
            "headers": HEADERS,
            "client": ("127.0.0.1", 1),
            "server": ("127.0.0.1", 8000),
        }

    rounds = []
    for _ in range(ROUNDS):
        started = time.process_time()
        for _ in range(REQUESTS):
            await app(scope(), receive, send)
        rounds.append((time.process_time() - started) / REQUESTS * 1e6)
    return statistics.median(rounds)


async def main() -> None:
    """Print one line for each kind of route."""
    app, layered = application(), application(middleware=True)
    for name, kind, path in (
        ("hot route", app, "/hot"),
        ("FastAPI, no response model", app, "/plain"),
        ("FastAPI, response model", app, "/model"),
        ("FastAPI, response model, one BaseHTTPMiddleware", layered, "/model"),
    ):
        print(f"{name:50} {await microseconds(kind, path):7.1f} us")  # noqa: T201 - its purpose


if __name__ == "__main__":
    uvloop.run(main())
