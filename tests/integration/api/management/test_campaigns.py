"""Campaigns: made paused, changed within their rules, never forgotten once they cost money."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from tests.integration.worker.shop import click
from tests.unit.store.made import pay

if TYPE_CHECKING:
    import httpx

    from service.store.events import Event
    from tests.integration.api.management.conftest import House, Shop

PATH = "/v1/campaigns"


def draft(shop: Shop, **more: Any) -> dict[str, Any]:
    advertiser = shop.campaign.advertiser_id
    return {
        "advertiser_id": advertiser,
        "name": "Desk lamps",
        "bid_micros": 300_000,
        "budget_micros": 1_000_000,
    } | more


async def spend(house: House, campaign_id: str, *prices: int) -> int:
    """Charge clicks at `prices` as the worker does; how many were paid."""
    clicks: list[Event] = [
        click(
            house.shop.campaign,
            house.shop.store,
            number,
            campaign_id=campaign_id,
            price=price,
            impression_id=f"imp_{campaign_id}_{number}",
        )
        for number, price in enumerate(prices)
    ]
    async with house.engine.begin() as connection:
        return len(await pay(connection, clicks))


def pointers(response: httpx.Response) -> list[tuple[str, str]]:
    assert response.status_code == 422, response.text
    return [(error["pointer"], error["code"]) for error in response.json()["errors"]]


async def test_a_campaign_begins_paused_and_runs_once_it_is_active(house: House) -> None:
    made = await house.made(
        PATH,
        draft(
            house.shop,
            starts_at="2026-11-22T01:00:00+01:00",
            ends_at="2150-01-01T00:00:00Z",
            platforms=["web"],
        ),
    )
    assert made["id"].startswith("cmp_")
    assert (made["status"], made["spent_micros"], made["platforms"]) == ("paused", 0, ["web"])
    assert made["starts_at"] == "2026-11-22T00:00:00Z"
    own = f"{PATH}/{made['id']}"
    assert await house.read(own) == made
    ask = {"query": "red lamp", "placement": "search_top", "slots": 1}
    await house.call(
        "PATCH", f"{PATH}/{house.shop.campaign.campaign_id}", json={"status": "ended"}
    )
    await house.call("POST", f"{own}/ads", json={"ads": [{"product_id": "100001"}]})
    await house.call("POST", f"{own}/keywords", json={"keywords": [{"text": "lamp"}]})
    await house.reload()
    assert (await house.call("POST", "/v1/ads", json=ask)).json()["ads"] == []

    active = await house.call("PATCH", own, json={"status": "active"})
    assert active.json() == made | {"status": "active", "updated_at": active.json()["updated_at"]}
    await house.reload()
    shown = (await house.call("POST", "/v1/ads", json=ask)).json()["ads"]
    assert [ad["campaign_id"] for ad in shown] == [made["id"]]


@pytest.mark.parametrize(
    ("more", "pointer"),
    [
        ({"bid_micros": 0}, "/bid_micros"),
        ({"bid_micros": -1}, "/bid_micros"),
        ({"bid_micros": True}, "/bid_micros"),
        ({"bid_micros": 0.5}, "/bid_micros"),
        ({"bid_micros": "300000"}, "/bid_micros"),
        ({"bid_micros": 10**15 + 1}, "/bid_micros"),
        ({"budget_micros": 0}, "/budget_micros"),
        ({"budget_micros": 1e400}, "/budget_micros"),
        ({"budget_micros": None}, "/budget_micros"),
        ({"starts_at": "2026-11-22T00:00:00"}, "/starts_at"),  # no zone
        ({"starts_at": 1_700_000_000}, "/starts_at"),
        ({"starts_at": "1999-12-31T23:59:59Z"}, "/starts_at"),
        ({"ends_at": "9999-12-31T23:59:59-23:59"}, "/ends_at"),
        ({"starts_at": "2027-01-02T00:00:00Z", "ends_at": "2027-01-01T00:00:00Z"}, "/ends_at"),
        ({"starts_at": "2027-01-01T00:00:00Z", "ends_at": "2027-01-01T00:00:00Z"}, "/ends_at"),
        ({"status": "active"}, "/status"),  # campaigns begin paused
        ({"platforms": ["web"] * 33}, "/platforms"),
        ({"platforms": [""]}, "/platforms/0"),
        ({"advertiser_id": "adv_none"}, "/advertiser_id"),
        ({"spent_micros": 5}, "/spent_micros"),
    ],
)
async def test_a_draft_that_cannot_be_is_refused(
    house: House, more: dict[str, Any], pointer: str
) -> None:
    body = draft(house.shop, **more)
    if body["budget_micros"] == float("inf"):
        # not JSON that httpx would write
        text = b'{"advertiser_id": "a", "name": "n", "bid_micros": 1, "budget_micros": 1e400}'
        response = await house.call(
            "POST", PATH, content=text, headers={"content-type": "application/json"}
        )
    else:
        response = await house.call("POST", PATH, json=body)
    assert [place for place, _ in pointers(response)] == [pointer]


async def test_the_status_moves_between_paused_and_active_and_ends_for_good(house: House) -> None:
    own = f"{PATH}/{(await house.made(PATH, draft(house.shop)))['id']}"
    for status in ("active", "paused", "paused", "active", "ended"):
        response = await house.call("PATCH", own, json={"status": status})
        assert (response.status_code, response.json()["status"]) == (200, status)
    for change in ({"status": "active"}, {"status": "ended"}, {"name": "Again"}):
        response = await house.call("PATCH", own, json=change)
        assert (response.status_code, response.json()["code"]) == (409, "conflict")
    unknown = await house.call("PATCH", own, json={"status": "running"})
    assert pointers(unknown) == [("/status", "enum")]


async def test_a_campaign_whose_end_has_passed_is_not_activated(house: House) -> None:
    made = await house.made(PATH, draft(house.shop, ends_at="2020-01-01T00:00:00Z"))
    own = f"{PATH}/{made['id']}"
    late = await house.call("PATCH", own, json={"status": "active"})
    assert pointers(late) == [("/status", "is_over")]
    longer = {"status": "active", "ends_at": "2150-01-01T00:00:00Z"}
    assert (await house.call("PATCH", own, json=longer)).status_code == 200
    forever = await house.call("PATCH", own, json={"ends_at": None})
    assert forever.json()["ends_at"] is None


async def test_dates_are_checked_against_those_that_stay(house: House) -> None:
    made = await house.made(PATH, draft(house.shop, starts_at="2027-01-01T00:00:00Z"))
    own = f"{PATH}/{made['id']}"
    early = await house.call("PATCH", own, json={"ends_at": "2026-12-31T00:00:00Z"})
    assert pointers(early) == [("/ends_at", "not_after_start")]
    assert "2027-01-01T00:00:00Z" in early.json()["errors"][0]["detail"]
    assert (await house.read(own))["ends_at"] is None


async def test_only_dates_may_be_taken_away(house: House) -> None:
    own = f"{PATH}/{(await house.made(PATH, draft(house.shop)))['id']}"
    for name in ("name", "status", "bid_micros", "budget_micros", "platforms"):
        response = await house.call("PATCH", own, json={name: None})
        assert [place for place, _ in pointers(response)] == [f"/{name}"]


async def test_the_budget_does_not_go_below_what_is_spent(house: House) -> None:
    made = await house.made(PATH, draft(house.shop))
    own = f"{PATH}/{made['id']}"
    etag = (await house.call("GET", own)).headers["etag"]
    assert await spend(house, made["id"], 250_000, 150_000) == 2
    low = await house.call("PATCH", own, json={"budget_micros": 399_999})
    assert pointers(low) == [("/budget_micros", "below_spent")]
    assert low.json()["errors"][0]["detail"] == (
        "Give at least what is spent, 400000; received 399999"
    )
    # what is spent does not make the caller's ETag stale
    headers = {"if-match": etag}
    just = await house.call("PATCH", own, json={"budget_micros": 400_000}, headers=headers)
    assert (just.json()["budget_micros"], just.json()["spent_micros"]) == (400_000, 400_000)
    assert (await house.call("PATCH", own, json={"name": "x"}, headers=headers)).status_code == 412


async def test_a_budget_that_is_cut_while_clicks_are_charged_holds_to_the_micro(
    house: House,
) -> None:
    for number in range(10):
        made = await house.made(PATH, draft(house.shop, name=str(number)))
        own = f"{PATH}/{made['id']}"
        prices = [100_000] * 8
        cut, paid = await asyncio.gather(
            house.call("PATCH", own, json={"budget_micros": 500_000}),
            spend(house, made["id"], *prices),
        )
        after = await house.read(own)
        assert after["spent_micros"] == 100_000 * paid <= after["budget_micros"]
        assert (cut.status_code, paid) in {(200, 5), (422, 8)}


async def test_a_campaign_that_cost_money_is_ended_not_deleted(house: House) -> None:
    made = await house.made(PATH, draft(house.shop))
    own = f"{PATH}/{made['id']}"
    assert await spend(house, made["id"], 250_000) == 1
    refused = await house.call("DELETE", own)
    assert (refused.status_code, refused.json()["code"]) == (409, "conflict")
    assert "250000" in refused.json()["detail"]
    assert '{"status": "ended"}' in refused.json()["detail"]
    assert (await house.call("PATCH", own, json={"status": "ended"})).status_code == 200
    assert await house.rows(
        "SELECT price_micros FROM charges WHERE campaign_id = :id", id=made["id"]
    ) == [(250_000,)]


async def test_a_campaign_that_cost_nothing_goes_with_its_ads_and_keywords(house: House) -> None:
    made = await house.made(PATH, draft(house.shop))
    own = f"{PATH}/{made['id']}"
    await house.call("POST", f"{own}/ads", json={"ads": [{"product_id": "100001"}]})
    await house.call("POST", f"{own}/keywords", json={"keywords": [{"text": "lamp"}]})
    assert (await house.call("DELETE", own)).status_code == 204
    for table in ("campaigns", "ads", "keywords"):
        column = "id" if table == "campaigns" else "campaign_id"
        rows = await house.rows(f"SELECT 1 FROM {table} WHERE {column} = :id", id=made["id"])  # noqa: S608
        assert rows == []
    assert (await house.call("DELETE", own)).status_code == 404


async def test_no_charge_is_lost_when_a_click_and_a_deletion_meet(house: House) -> None:
    for number in range(10):
        made = await house.made(PATH, draft(house.shop, name=str(number)))
        own = f"{PATH}/{made['id']}"
        deleted, paid = await asyncio.gather(
            house.call("DELETE", own), spend(house, made["id"], 100_000)
        )
        charged = await house.rows(
            "SELECT count(*) FROM charges WHERE campaign_id = :id", id=made["id"]
        )
        assert charged[0][0] == paid
        assert (deleted.status_code, paid) in {(204, 0), (409, 1)}


async def test_even_postgres_refuses_to_forget_a_charge(house: House) -> None:
    assert await spend(house, house.shop.campaign.campaign_id, 100) == 1
    for table, column, value in (
        ("campaigns", "id", house.shop.campaign.campaign_id),
        ("advertisers", "id", house.shop.campaign.advertiser_id),
        ("stores", "id", house.shop.store_id),
    ):
        with pytest.raises(Exception, match="fk_charges_campaign_id"):
            await house.run(f"DELETE FROM {table} WHERE {column} = :id", id=value)  # noqa: S608


async def test_lists_are_filtered_and_a_merchant_sees_its_own(house: House) -> None:
    rival = await house.made("/v1/advertisers", {"name": "Rival"})
    theirs = await house.made(PATH, draft(house.shop, advertiser_id=rival["id"]))
    own = house.shop.campaign.campaign_id

    async def listed(query: str, key: str | None = None) -> set[str]:
        page = await house.read(f"{PATH}{query}", key=key)
        return {one["id"] for one in page["data"]}

    assert await listed("") == {own, theirs["id"]}
    assert await listed("?status=paused") == {theirs["id"]}
    assert await listed("?status=active") == {own}
    assert await listed(f"?advertiser_id={rival['id']}") == {theirs["id"]}
    merchant = house.shop.merchant
    assert await listed("", merchant) == {own}
    assert await listed("?status=paused", merchant) == set()
    assert await listed(f"?advertiser_id={rival['id']}", merchant) == set()
    assert await listed("", house.other.admin) == {house.other.campaign.campaign_id}
    for method, body in (("GET", None), ("PATCH", {"name": "x"}), ("DELETE", None)):
        path = f"{PATH}/{theirs['id']}"
        for key in (merchant, house.shop.merchant_admin, house.other.admin):
            response = await house.call(method, path, key=key, json=body)
            assert response.status_code == 404
    # nor may it book for another
    booked = await house.call(
        "POST", PATH, key=merchant, json=draft(house.shop, advertiser_id=rival["id"])
    )
    assert pointers(booked) == [("/advertiser_id", "unknown_advertiser")]
    elsewhere = draft(house.shop, advertiser_id=house.other.campaign.advertiser_id)
    assert pointers(await house.call("POST", PATH, json=elsewhere)) == [
        ("/advertiser_id", "unknown_advertiser")
    ]
    mine = await house.made(PATH, draft(house.shop), key=merchant)
    assert mine["advertiser_id"] == house.shop.campaign.advertiser_id


async def test_a_store_does_not_get_more_platforms_than_a_snapshot_can_hold(house: House) -> None:
    for part in (range(32), range(32, 63)):  # with the placement's "web" that makes 64
        await house.made(PATH, draft(house.shop, platforms=[f"p{one}" for one in part]))
    response = await house.call("POST", PATH, json=draft(house.shop, platforms=["p1", "one more"]))
    assert pointers(response) == [("/platforms", "too_many_platforms")]
    own = f"{PATH}/{house.shop.campaign.campaign_id}"
    response = await house.call("PATCH", own, json={"platforms": ["one more"]})
    assert pointers(response) == [("/platforms", "too_many_platforms")]
    response = await house.call("PATCH", own, json={"platforms": ["p1", "web"]})
    assert response.json()["platforms"] == ["p1", "web"]
    placement = {"platform": "one more", "slots": 1, "reserve_micros": 0}
    response = await house.call("PUT", "/v1/placements/extra", json=placement)
    assert pointers(response) == [("/platform", "too_many_platforms")]
    await house.reload()  # the snapshot can still be built
    # an import brought more: the way back stays open
    await house.run(
        "UPDATE campaigns SET platforms = platforms || '{more, and more}' WHERE id = :id",
        id=house.shop.campaign.campaign_id,
    )
    response = await house.call("PATCH", own, json={"platforms": ["web", "and more"]})
    assert response.status_code == 200


async def test_a_charge_makes_no_new_snapshot_and_a_change_does(house: House) -> None:
    own = f"{PATH}/{house.shop.campaign.campaign_id}"

    async def version() -> int:
        found = await house.rows(
            "SELECT catalogue_version FROM stores WHERE id = :id", id=house.shop.store_id
        )
        return int(found[0][0])

    before = await version()
    await spend(house, house.shop.campaign.campaign_id, 100)
    assert await version() == before
    await house.call("PATCH", own, json={"bid_micros": 123_456})
    assert await version() == before + 1
