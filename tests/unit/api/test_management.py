"""The parts of the management API that need no database."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

import hypothesis.strategies as st
import pytest
from hypothesis import given

from service.api.ids import new_id
from service.api.management import database, rate_limit
from service.api.management.cursor import PageQuery, page_query
from service.api.management.etag import etag_of
from service.api.management.rate_limit import RateLimiter
from service.api.management.route import management_router
from service.api.schemas.campaigns import Campaign, CampaignChange
from service.api.schemas.placements import Platform, PlatformPage
from service.decision.live import Live
from service.decision.terms import KeyKind
from service.errors import InvalidRequestError, StoreUnavailableError
from tests.unit.api.shop import SHOE, api_key, make_app, make_state, snapshot_of

if TYPE_CHECKING:
    import httpx
    from sqlalchemy.ext.asyncio import AsyncEngine


def test_calls_come_back_evenly() -> None:
    limiter = RateLimiter(per_minute=60)  # one a second
    for left in range(59, -1, -1):
        assert limiter.take("key", 100.0).remaining == left
    refused = limiter.take("key", 100.25)
    assert (refused.remaining, refused.retry_seconds, refused.reset_seconds) == (0, 1, 60)
    assert refused.headers()["Retry-After"] == "1"
    again = limiter.take("key", 101.0)
    assert (again.retry_seconds, again.remaining) == (0, 0)
    assert "Retry-After" not in again.headers()
    later = limiter.take("key", 131.0)  # 30 came back, one is taken
    assert (later.remaining, later.reset_seconds) == (29, 31)
    assert limiter.take("key", 10_000.0).remaining == 59  # never more than the limit
    assert limiter.take("other", 101.0).remaining == 59


def test_buckets_that_are_full_again_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rate_limit, "_MOST_BUCKETS", 3)
    limiter = RateLimiter(per_minute=60)
    for key in ("a", "b", "c"):
        limiter.take(key, 0.0)
    for _ in range(10):
        limiter.take("c", 0.0)
    limiter.take("d", 5.0)  # by now a and b are full, c is not
    assert sorted(limiter._buckets) == ["c", "d"]
    assert limiter.take("c", 5.0).remaining == 60 - 11 + 5 - 1


@given(st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1))
async def test_a_cursor_leads_to_where_it_came_from(key: str) -> None:
    rows = [
        Platform(name=name, title_limit=None, placements=0, campaigns=0) for name in (key, "more")
    ]
    response = PageQuery(1).answer(PlatformPage, rows, lambda row: row.name)
    page = PlatformPage.model_validate_json(bytes(response.body))
    assert page.data == (rows[0],)
    assert page.next is not None
    assert (await page_query(100, page.next)).after == key


async def test_the_last_page_has_no_next() -> None:
    rows = [
        Platform(name=name, title_limit=None, placements=0, campaigns=0) for name in ("a", "b")
    ]
    response = PageQuery(2).answer(PlatformPage, rows, lambda row: row.name)
    assert PlatformPage.model_validate_json(bytes(response.body)).next is None
    assert await page_query(7, None) == PageQuery(7, "")


@pytest.mark.parametrize("after", ["x", "-1", "1.5", "٣", "9" * 19])
def test_a_list_that_is_ordered_by_number_takes_numbers_only(after: str) -> None:
    with pytest.raises(InvalidRequestError):
        PageQuery(1, after).number_after()
    assert PageQuery(1, "").number_after() is None
    assert PageQuery(1, "9" * 18).number_after() == int("9" * 18)


def campaign(**changes: Any) -> Campaign:
    values = {
        "id": "cmp_1",
        "advertiser_id": "adv_1",
        "name": "Lamps",
        "status": "paused",
        "bid_micros": 1,
        "budget_micros": 10,
        "spent_micros": 0,
        "starts_at": None,
        "ends_at": None,
        "platforms": (),
        "daily_budget_micros": None,
        "time_zone": "UTC",
        "schedule": (),
        "pricing": "click",
        "pacing": "even",
        "target_roas_ppm": None,
        "frequency_cap": None,
        "attribution_days": None,
        "view_through_hours": None,
        "spent_today_micros": 0,
        "created_at": "2026-11-22T09:00:00Z",
        "updated_at": "2026-11-22T09:00:00Z",
    }
    return Campaign.model_validate(values | changes, strict=False)


def test_an_etag_follows_what_callers_change_and_nothing_else() -> None:
    etag = etag_of(campaign())
    assert etag == etag_of(campaign())
    assert etag.startswith('"')
    assert etag.endswith('"')
    spent = {"spent_micros": 9, "spent_today_micros": 9}
    assert etag == etag_of(campaign(**spent, updated_at="2027-01-01T00:00:00Z"))
    for change in ({"name": "x"}, {"budget_micros": 11}, {"status": "ended"}):
        assert etag_of(campaign(**change)) != etag


def test_a_change_tells_null_from_nothing() -> None:
    assert CampaignChange.model_validate_json(b"{}").given() == {}
    given_null = CampaignChange.model_validate_json(b'{"ends_at": null}')
    assert given_null.given() == {"ends_at": None}
    properties = CampaignChange.model_json_schema()["properties"]
    assert not any("default" in field for field in properties.values())


def test_ids_sort_by_time() -> None:
    ids = [new_id("adv") for _ in range(100)]
    assert len(set(ids)) == 100
    assert all(len(one) == 36 and one.startswith("adv_0") for one in ids)
    assert [one[:16] for one in ids] == sorted(one[:16] for one in ids)


def test_a_route_without_a_gate_does_not_come_to_be() -> None:
    router = management_router("open")

    async def endpoint() -> None:
        """Would be open to all."""

    with pytest.raises(TypeError, match="/v1/open has no gate"):
        router.get("/open")(endpoint)


async def test_one_who_hangs_up_in_the_middle_of_a_body_is_not_answered() -> None:
    state = make_state()
    manager = api_key("sk_m", KeyKind.SECRET, ("manage",))
    state.live[SHOE] = Live(replace(snapshot_of(SHOE, "a"), keys=(manager,)))
    app = make_app(state)
    sent: list[dict[str, Any]] = []
    parts: list[dict[str, Any]] = [
        {"type": "http.request", "body": b'{"name":', "more_body": True},
        {"type": "http.disconnect"},
    ]

    async def receive() -> dict[str, Any]:
        return parts.pop(0)

    async def send(message: Any) -> None:
        sent.append(message)

    headers = [(b"authorization", b"Bearer sk_m"), (b"content-type", b"application/json")]
    scope = {
        "type": "http",
        "method": "POST",
        "path": "/v1/advertisers",
        "query_string": b"",
        "headers": headers,
    }
    await app(scope, receive, send)
    assert [message.get("status") for message in sent] == [499, None]


async def test_answers_are_counted_by_route(client: httpx.AsyncClient) -> None:
    for _ in range(2):
        assert (await client.get("/v1/advertisers/adv_1")).status_code == 403
    text = (await client.get("/metrics")).text
    line = 'salient_requests_total{route="/v1/advertisers/{advertiser_id}",status="403"}'
    assert any(one.startswith(line) for one in text.splitlines())


class LateEngine:
    """Like psycopg on a line that went dead: it does not stop when told, and then it succeeds."""

    def __init__(self) -> None:
        self.returned = 0

    async def connect(self) -> LateEngine:
        with suppress(asyncio.CancelledError):
            await asyncio.sleep(60)
        await asyncio.sleep(0.01)
        return self

    async def close(self) -> None:
        self.returned += 1


async def test_a_connection_that_comes_too_late_goes_back_to_the_pool(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(database, "CONNECT_SECONDS", 0.01)
    engine = LateEngine()
    with pytest.raises(StoreUnavailableError):
        async with database.Transactions(cast("AsyncEngine", engine)).begin():
            pytest.fail("no connection came")
    assert engine.returned == 0
    await asyncio.sleep(0.05)
    assert engine.returned == 1
