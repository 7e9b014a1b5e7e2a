"""POST /v1/events over HTTP, in process."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson
import pytest

from service.api.ad_answer import LIFETIME_SECONDS
from service.api.schemas.events import EventReceipt
from service.api.tokens import AdToken
from service.decision.terms import Micros
from service.store.events import from_bytes
from tests.unit.api.shop import OTHER, PAGE, SHOE

if TYPE_CHECKING:
    import httpx

    from service.api.state import State
    from tests.unit.api.shop import Log

NOW = 1_800_000_000.0  # 2027-01-15T08:00:00Z
KNOWN = {"id": "u-1", "session": "s-1", "consent": True}
SEARCH = {"type": "search", "event_id": "e-1", "query": "running shoe", "user": KNOWN}


@pytest.fixture(autouse=True)
def _clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("service.api.events.time", lambda: NOW)


def signed(state: State, store_id: str = SHOE, ts: float = NOW - 10) -> str:
    return state.signer.sign(
        AdToken(
            store_id=store_id,
            request_id="req_" + "ab" * 16,
            slot=0,
            ad_id="ad_a1",
            campaign_id="cmp_a1",
            product_id="a1",
            price=Micros(240_000),
            ts=ts,
            lifetime_seconds=LIFETIME_SECONDS,
            user_id="u-1",
            url="https://shop.example/p/1",
        )
    )


async def tell(client: httpx.AsyncClient, *events: object, **options: Any) -> dict[str, Any]:
    response = await client.post("/v1/events", json={"events": events}, **options)
    assert response.status_code == 202, response.text
    EventReceipt.model_validate_json(response.content)  # the declared model holds
    receipt: dict[str, Any] = response.json()
    return receipt


def told(event: dict[str, Any]) -> dict[str, Any]:
    """What an event says beyond what all of them have."""
    silent = {"store_id", "received_at", "payload"}
    return {name: v for name, v in event.items() if v is not None and name not in silent}


async def test_a_single_event_may_come_bare(client: httpx.AsyncClient, log: Log) -> None:
    answer = await client.post("/v1/events", json=SEARCH)
    assert (answer.status_code, answer.json()["accepted"]) == (202, 1)
    assert [event["event_key"] for event in log.of(b"event")] == ["e-1"]
    refused = await client.post("/v1/events", json={"type": "search", "event_id": "e-9"})
    assert refused.status_code == 422
    assert [fault["pointer"] for fault in refused.json()["errors"]] == ["/query"]
    twice = await client.post("/v1/events", content=b'{"type":"search","query":"a","query":"b"}')
    assert (twice.status_code, twice.json()["code"]) == (400, "malformed_json")
    unknown = await client.post("/v1/events", json={"type": "wink"})
    assert unknown.status_code == 422
    assert len(log.of(b"event")) == 1


async def test_every_kind_of_event_is_kept(
    client: httpx.AsyncClient, state: State, log: Log
) -> None:
    token = signed(state)
    receipt = await tell(
        client,
        SEARCH,
        {
            "type": "feature_word",
            "event_id": "e-2",
            "feature_word": "waterproof",
            "action": "clicked",
            "query": "running shoe",
            "position": 3,
            "user": KNOWN,
        },
        {"type": "impression", "token": token},
        {"type": "view", "token": f"https://ads.example/v/{token}.gif"},
        {"type": "click", "token": f"https://ads.example/c/{token}"},
        {"type": "add_to_cart", "event_id": "e-3", "product_id": "a1", "quantity": 2},
        {
            "type": "conversion",
            "order_id": "o-1",
            "line": 1,
            "product_id": "a1",
            "value": 59_990_000,
            "currency": "USD",
            "occurred_at": "2027-01-15T07:59:00Z",
            "token": token,
        },
    )
    assert (receipt["accepted"], receipt["rejected"]) == (7, 0)
    assert [one["index"] for one in receipt["results"]] == list(range(7))
    kept = log.of(b"event")
    search, word, impression, view, click, cart, conversion = map(told, kept)
    who = {"user_id": "u-1", "session": "s-1"}
    assert search == {
        "ts": NOW,
        "type": "search",
        "event_key": "e-1",
        "query": "running shoe",
        **who,
    }
    assert word == {
        "ts": NOW,
        "type": "feature_word",
        "event_key": "e-2",
        "query": "running shoe",
        "feature_word": "waterproof",
        "action": "clicked",
        "position": 3,
        **who,
    }
    ad = {
        "ts": NOW - 10,
        "event_key": "imp_" + "ab" * 16 + "00",
        "impression_id": "imp_" + "ab" * 16 + "00",
        "request_id": "req_" + "ab" * 16,
        "user_id": "u-1",
        "ad_id": "ad_a1",
        "campaign_id": "cmp_a1",
        "product_id": "a1",
        "slot": 0,
        "price": 240_000,
    }
    assert [impression, view, click] == [
        {**ad, "type": kind} for kind in ("impression", "view", "click")
    ]
    assert cart == {
        "ts": NOW,
        "type": "add_to_cart",
        "event_key": "e-3",
        "product_id": "a1",
        "quantity": 2,
        "currency": "EUR",  # the store's
    }
    assert conversion == {
        "ts": NOW - 60,
        "type": "conversion",
        "event_key": "o-1/1",
        "order_id": "o-1",
        "line": "1",
        "product_id": "a1",
        "quantity": 1,
        "value": 59_990_000,
        "currency": "USD",
        "impression_id": ad["impression_id"],
        "request_id": ad["request_id"],
        "ad_id": "ad_a1",
        "campaign_id": "cmp_a1",
        "slot": 0,
    }
    for event in kept:
        assert event["store_id"] == SHOE
        from_bytes(orjson.dumps(event))  # the worker can read it


@pytest.mark.parametrize(
    ("user", "headers"),
    [(KNOWN | {"consent": False}, {}), ({"id": "u-1"}, {}), (KNOWN, {"Sec-GPC": "1"})],
)
async def test_without_consent_no_id_is_kept(
    client: httpx.AsyncClient, log: Log, user: dict[str, Any], headers: dict[str, str]
) -> None:
    await tell(client, SEARCH | {"user": user}, headers=headers)
    assert told(log.of(b"event")[0]) == {
        "ts": NOW,
        "type": "search",
        "event_key": "e-1",
        "query": "running shoe",
    }
    assert b"u-1" not in orjson.dumps(log.of(b"event"))
    assert b"s-1" not in orjson.dumps(log.of(b"event"))


async def test_good_events_of_a_bad_batch_are_kept(
    client: httpx.AsyncClient, state: State, log: Log
) -> None:
    receipt = await tell(
        client,
        SEARCH,
        SEARCH | {"event_id": 7},
        {"type": "dance"},
        {"type": "click", "token": "forged"},
        {"type": "click", "token": signed(state, OTHER)},
        SEARCH | {"occurred_at": "1999-01-01T00:00:00Z"},
        SEARCH | {"occurred_at": "2027-01-15T08:03:00Z", "event_id": "e-9"},
    )
    assert (receipt["accepted"], receipt["rejected"]) == (2, 5)
    assert [one["code"] for one in receipt["results"]] == [
        None,
        "invalid_event",
        "invalid_event",
        "bad_token",
        "bad_token",
        "bad_time",
        None,
    ]
    assert receipt["results"][1]["detail"] == (
        "/event_id: Input should be a valid string; received 7"
    )
    assert "1999" in receipt["results"][5]["detail"]
    assert [event["ts"] for event in log.of(b"event")] == [NOW, NOW]  # never ahead of our clock


async def test_a_batch_without_a_good_event_is_refused(
    client: httpx.AsyncClient, log: Log
) -> None:
    bad = [{"type": "click", "token": "forged"}, SEARCH | {"query": ""}]
    for events in ([bad[0]], [bad[1]], bad):
        response = await client.post("/v1/events", json={"events": events})
        assert response.status_code == 422
        assert response.headers["content-type"] == "application/problem+json"
        assert response.json()["errors"][0]["pointer"].startswith("/events/0/")
    assert log.entries == []


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"events": []},
        {"events": [SEARCH] * 501},
        {"more": 1},
        {"events": [SEARCH, {}], "more": 1},
    ],
)
async def test_a_batch_holds_1_to_500(client: httpx.AsyncClient, body: dict[str, Any]) -> None:
    response = await client.post("/v1/events", json=body)
    assert response.status_code == 422
    assert response.json()["code"] == "invalid_request"


async def test_a_return_is_kept_under_its_own_number(client: httpx.AsyncClient, log: Log) -> None:
    back = {"type": "return", "order_id": "o-1", "line": 2, "return_id": "r-7"}
    await tell(client, back, {**back, "return_id": "r-8", "quantity": 3, "value": 5_000_000})
    first, second = log.of(b"event")
    assert told(first) == {
        "ts": NOW,
        "type": "return",
        "event_key": "o-1/2/r-7",
        "order_id": "o-1",
        "line": "2",
        "quantity": 1,
    }
    assert first["payload"] == {"return_id": "r-7"}
    assert (second["quantity"], second["value"]) == (3, 5_000_000)


async def test_a_conversion_tells_when_its_ad_was_shown(
    client: httpx.AsyncClient, state: State, log: Log
) -> None:
    order = {"type": "conversion", "order_id": "o-1", "product_id": "a1"}
    await tell(client, {**order, "token": signed(state)})
    assert log.of(b"event")[0]["payload"] == {"shown_at": NOW - 10}


async def test_a_conversion_needs_no_ad(client: httpx.AsyncClient, log: Log) -> None:
    await tell(client, {"type": "conversion", "order_id": "o-1", "product_id": "a1"})
    [event] = log.of(b"event")
    assert (event["event_key"], event["impression_id"]) == ("o-1/0", None)


async def test_five_hundred_events_are_taken(client: httpx.AsyncClient, log: Log) -> None:
    events = [SEARCH | {"event_id": str(number)} for number in range(500)]
    assert (await tell(client, *events))["accepted"] == 500
    assert len(log.entries) == 500


async def test_a_beacon_is_taken_as_text_with_the_key_in_the_url(
    client: httpx.AsyncClient, log: Log
) -> None:
    del client.headers["authorization"]
    response = await client.post(
        "/v1/events?key=pk_a",
        content=orjson.dumps({"events": [SEARCH]}),
        headers={"content-type": "text/plain;charset=UTF-8", "origin": PAGE},
    )
    assert response.status_code == 202
    assert response.headers["access-control-allow-origin"] == PAGE
    assert len(log.entries) == 1


async def test_bots_are_told_apart_only_where_a_browser_speaks(
    client: httpx.AsyncClient, state: State, log: Log
) -> None:
    click = {"type": "click", "token": signed(state)}
    await tell(client, click, headers={"user-agent": "ShopBot/1.0"})
    await tell(
        client, click, headers={"user-agent": "Googlebot/2.1", "origin": "https://ads.example"}
    )
    assert [event["invalid_reason"] for event in log.of(b"event")] == [None, "bot"]


async def test_an_expired_token_is_kept_as_such(
    client: httpx.AsyncClient, state: State, log: Log
) -> None:
    old = signed(state, ts=NOW - LIFETIME_SECONDS - 1)
    await tell(client, {"type": "click", "token": old})
    assert log.of(b"event")[0]["invalid_reason"] == "expired"


async def test_what_cannot_be_kept_is_not_accepted(client: httpx.AsyncClient, log: Log) -> None:
    log.down = True
    response = await client.post("/v1/events", json={"events": [SEARCH]})
    assert response.status_code == 503
    assert response.headers["retry-after"] == "1"
    assert response.json()["code"] == "store_unavailable"


async def test_before_the_first_snapshot_events_are_to_be_sent_again(
    client: httpx.AsyncClient, state: State
) -> None:
    for store_id in list(state.live):
        del state.live[store_id]
    response = await client.post("/v1/events", json={"events": [SEARCH]})
    assert (response.status_code, response.headers["retry-after"]) == (503, "1")
