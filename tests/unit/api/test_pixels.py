"""The URLs that an ad carries: pixels, views, clicks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from service.api.ad_answer import LIFETIME_SECONDS
from service.api.tokens import AdToken, TokenSigner
from service.decision.terms import Micros
from tests.unit.api.shop import SHOE
from tests.unit.api.test_tokens import forgeries

if TYPE_CHECKING:
    import httpx

    from service.api.state import State
    from tests.unit.api.shop import Log

NOW = 1_800_000_000.0


@pytest.fixture(autouse=True)
def _clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("service.api.pixels.time", lambda: NOW)


def token(ts: float = NOW - 10, url: str = "https://shop.example/p/1") -> AdToken:
    return AdToken(
        store_id=SHOE,
        request_id="req_" + "ab" * 16,
        slot=1,
        ad_id="ad_a1",
        campaign_id="cmp_a1",
        product_id="a1",
        price=Micros(240_000),
        ts=ts,
        lifetime_seconds=LIFETIME_SECONDS,
        user_id="u-1",
        url=url,
    )


@pytest.mark.parametrize(
    ("path", "kind"), [("/i/{}.gif", "impression"), ("/v/{}.gif", "view"), ("/c/{}", "click")]
)
async def test_an_ads_urls_tell_what_happened(
    client: httpx.AsyncClient, state: State, log: Log, path: str, kind: str
) -> None:
    response = await client.get(path.format(state.signer.sign(token())))
    assert response.status_code == (302 if kind == "click" else 200)
    assert response.headers["cache-control"] == "no-store, private"
    [event] = log.of(b"event")
    impression = "imp_" + "ab" * 16 + "01"
    assert {name: value for name, value in event.items() if value not in (None, {})} == {
        "store_id": SHOE,
        "ts": NOW - 10,
        "type": kind,
        "event_key": impression,
        "received_at": NOW,
        "request_id": "req_" + "ab" * 16,
        "impression_id": impression,
        "user_id": "u-1",
        "ad_id": "ad_a1",
        "campaign_id": "cmp_a1",
        "product_id": "a1",
        "slot": 1,
        "price": 240_000,
    }


@pytest.mark.parametrize("path", ["/i/{}.gif", "/v/{}.gif", "/c/{}"])
async def test_an_event_says_where_its_ad_was_shown(
    client: httpx.AsyncClient, state: State, log: Log, path: str
) -> None:
    await client.get(path.format(state.signer.sign(token()._replace(platform="web"))))
    [event] = log.of(b"event")
    assert event["payload"] == {"platform": "web"}
    assert event["price"] == 240_000


async def test_a_click_leads_to_the_product(client: httpx.AsyncClient, state: State) -> None:
    response = await client.get(f"/c/{state.signer.sign(token())}")
    assert response.headers["location"] == "https://shop.example/p/1"
    assert response.content == b""


async def test_a_destination_beyond_ascii_is_escaped(
    client: httpx.AsyncClient, state: State
) -> None:
    signed = state.signer.sign(token(url="https://shop.example/p/schüh?größe=42&a=%20"))
    response = await client.get(f"/c/{signed}")
    assert response.status_code == 302
    assert (
        response.headers["location"]
        == "https://shop.example/p/sch%C3%BCh?gr%C3%B6%C3%9Fe=42&a=%20"
    )


async def test_a_pixel_is_a_gif(client: httpx.AsyncClient, state: State) -> None:
    response = await client.get(f"/i/{state.signer.sign(token())}.gif")
    assert response.headers["content-type"] == "image/gif"
    assert response.content.startswith(b"GIF89a")


@pytest.mark.parametrize("path", ["/i/{}.gif", "/v/{}.gif", "/c/{}"])
async def test_head_never_counts(
    client: httpx.AsyncClient, state: State, log: Log, path: str
) -> None:
    signed = state.signer.sign(token())
    head, get = await client.head(path.format(signed)), await client.get(path.format(signed))
    assert (head.status_code, head.headers) == (get.status_code, get.headers)
    assert head.content == b""
    assert len(log.entries) == 1


async def test_an_expired_click_leads_on_uncharged(
    client: httpx.AsyncClient, state: State, log: Log
) -> None:
    signed = state.signer.sign(token(ts=NOW - LIFETIME_SECONDS - 1))
    response = await client.get(f"/c/{signed}")
    assert (response.status_code, len(response.headers["location"])) == (302, 24)
    [event] = log.of(b"event")
    assert event["invalid_reason"] == "expired"


@pytest.mark.parametrize(
    ("headers", "reason"),
    [
        ({"user-agent": "Mozilla/5.0 (compatible; Googlebot/2.1)"}, "bot"),
        ({"user-agent": "Mozilla/5.0 HeadlessChrome/120.0.0.0 Safari/537.36"}, "bot"),
        ({"user-agent": "curl/8.5.0 (compatible; ShopSpider)"}, "bot"),
        ({"sec-purpose": "prefetch;prerender"}, "prefetch"),
        ({"purpose": "prefetch"}, "prefetch"),
        ({"x-moz": "prefetch"}, "prefetch"),
    ],
)
async def test_what_is_no_shoppers_doing_leads_on_with_a_reason(
    client: httpx.AsyncClient, state: State, log: Log, headers: dict[str, str], reason: str
) -> None:
    signed = state.signer.sign(token())
    assert (await client.get(f"/c/{signed}", headers=headers)).status_code == 302
    assert (await client.get(f"/c/{signed}")).status_code == 302
    fetched, clicked = log.of(b"event")
    assert fetched["invalid_reason"] == reason
    assert clicked["invalid_reason"] is None
    assert fetched["event_key"] != clicked["event_key"]  # the shopper's own click still counts


@pytest.mark.parametrize(
    "agent",
    [
        "okhttp/4.12.0",
        "Dart/3.2 (dart:io)",
        "MyShop/5.1 CFNetwork/1490 Darwin/23.2.0",
        "Dalvik/2.1.0 (Linux; U; Android 14)",
        "Python/3.11 aiohttp/3.9.1",
        "python-httpx/0.28.1",
        "curl/8.5.0",
        "",
    ],
)
async def test_the_library_that_an_app_speaks_through_is_no_bot(
    client: httpx.AsyncClient, state: State, log: Log, agent: str
) -> None:
    await client.get(f"/c/{state.signer.sign(token())}", headers={"user-agent": agent})
    assert log.of(b"event")[0]["invalid_reason"] is None


async def test_an_objection_takes_the_shoppers_id_off(
    client: httpx.AsyncClient, state: State, log: Log
) -> None:
    await client.get(f"/i/{state.signer.sign(token())}.gif", headers={"Sec-GPC": "1"})
    assert log.of(b"event")[0]["user_id"] is None


@pytest.mark.parametrize("path", ["/i/{}.gif", "/v/{}.gif", "/c/{}"])
async def test_forged_tokens_do_nothing(
    client: httpx.AsyncClient, state: State, log: Log, path: str
) -> None:
    signed = state.signer.sign(token())
    stranger = TokenSigner({1: b"x" * 32}).sign(token())
    unsafe = set("\r\n\x00 #?/%")
    for text in [stranger, "x", *forgeries(signed, 300)]:
        if unsafe & set(text):
            continue
        response = await client.get(path.format(text))
        assert response.status_code == 404, text
        assert response.headers["content-type"] == "application/problem+json"
    assert log.entries == []


async def test_a_pixel_needs_its_suffix(client: httpx.AsyncClient, state: State) -> None:
    signed = state.signer.sign(token())
    assert (await client.get(f"/i/{signed}")).status_code == 404
    assert (await client.get(f"/c/{signed}.gif")).status_code == 404


@pytest.mark.parametrize("path", ["/i/x.gif", "/v/x.gif", "/c/x"])
async def test_other_methods_are_refused(client: httpx.AsyncClient, path: str) -> None:
    response = await client.post(path)
    assert response.status_code == 405
    assert response.json()["code"] == "method_not_allowed"
    assert "GET" in response.headers["allow"]
