"""Budgets over platforms, over REST: how they are to be spread, previews, and plans that hold."""

from __future__ import annotations

from base64 import urlsafe_b64encode
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import text

from service.store.ledger import Due, charge
from tests.integration.api.management.test_campaigns import draft, pointers

if TYPE_CHECKING:
    from tests.integration.api.management.conftest import House

TODAY = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
BOTH = ["instagram", "web"]


async def a_campaign(house: House, **more: Any) -> str:
    """A campaign on two platforms with 10 units a day; returns its path."""
    fields = {"platforms": BOTH, "budget_micros": 90_000_000, "daily_budget_micros": 10_000_000}
    made = await house.made("/v1/campaigns", draft(house.shop, **fields | more))
    return f"/v1/campaigns/{made['id']}"


async def spread(house: House, here: str, **spec: Any) -> dict[str, Any]:
    """Have the campaign's budget spread."""
    response = await house.call("PUT", f"{here}/allocation", json=spec)
    assert response.status_code in {200, 201}, response.text
    answer: dict[str, Any] = response.json()
    return answer


async def planned(house: House, here: str, status: int = 200, **body: Any) -> dict[str, Any]:
    """Plan the campaign's day."""
    response = await house.call("POST", f"{here}/allocations", json=body)
    assert response.status_code == status, response.text
    answer: dict[str, Any] = response.json()
    return answer


def spends(plan: dict[str, Any]) -> dict[str, int]:
    return {one["platform"]: one["spend_micros"] for one in plan["platforms"]}


def fixed(**ppm: int) -> list[dict[str, Any]]:
    return [{"platform": name, "share_ppm": share} for name, share in ppm.items()]


async def report(house: House, here: str, *days: int, clicks: int) -> None:
    """Tell that instagram cost 5 units and brought `clicks` in the first hour of each day."""
    campaign_id = here.rpartition("/")[2]
    items = [
        {
            "hour": (TODAY - timedelta(days=day)).isoformat(),
            "campaign_id": campaign_id,
            "spend_micros": 5_000_000,
            "impressions": 1_000,
            "clicks": clicks,
            "conversions": 0,
        }
        for day in days
    ]
    told = await house.call("POST", "/v1/platforms/instagram/results", json={"results": items})
    assert told.json()["made"] == len(days), told.text


async def limits(house: House, here: str) -> dict[str, int | None]:
    found = await house.rows(
        "SELECT platform, limit_micros FROM campaign_platform_days WHERE campaign_id = :it",
        it=here.rpartition("/")[2],
    )
    return {row[0]: row[1] for row in found}


async def spend_on_web(house: House, here: str, *prices: int) -> int:
    """Charge clicks on web; how many were paid."""
    campaign_id, now = here.rpartition("/")[2], datetime.now(UTC).timestamp()
    due = [
        Due("click", f"imp_{campaign_id}_{now}_{n}", house.shop.store_id, campaign_id, price, now,
            platform="web")
        for n, price in enumerate(prices)
    ]  # fmt: skip
    async with house.engine.begin() as connection:
        return len((await charge(connection, due)).paid)


async def test_a_policy_is_put_read_changed_and_deleted(house: House) -> None:
    here = await a_campaign(house)
    there = f"{here}/allocation"
    assert (await house.call("GET", there)).status_code == 404
    made = await house.call("PUT", there, json={})
    assert (made.status_code, made.headers["location"]) == (201, there)
    assert made.json() == {
        "campaign_id": here.rpartition("/")[2],
        "mode": "auto",
        "goal": "clicks",
        "platforms": [],
        "max_change_ppm": None,
        "explore": True,
    }
    body = {
        "goal": "conversions",
        "platforms": [{"platform": "web", "floor_ppm": 100_000, "cap_ppm": 700_000}],
        "max_change_ppm": 200_000,
        "explore": False,
    }
    etag = {"If-Match": made.headers["etag"]}
    changed = await house.call("PUT", there, json=body, headers=etag)
    assert changed.status_code == 200
    assert changed.json()["platforms"] == [
        {"platform": "web", "share_ppm": None, "floor_ppm": 100_000, "cap_ppm": 700_000}
    ]
    assert (await house.call("PUT", there, json={}, headers=etag)).status_code == 412
    assert await house.read(there) == changed.json()
    log = await house.read("/v1/audit-log?resource=allocation_policy")
    assert [one["action"] for one in log["data"]][:2] == ["change", "create"]
    assert (await house.call("DELETE", there, headers=etag)).status_code == 412
    assert (await house.call("DELETE", there)).status_code == 204
    assert (await house.call("DELETE", there)).status_code == 404


@pytest.mark.parametrize(
    ("spec", "fault"),
    [
        ({"platforms": [{"platform": "tv"}]}, ("/platforms/0/platform", "unknown_platform")),
        ({"platforms": [{"platform": "web"}] * 2}, ("/platforms/1/platform", "repeated")),
        (
            {"platforms": [{"platform": "web", "floor_ppm": 2, "cap_ppm": 1}]},
            ("/platforms/0/floor_ppm", "above_cap"),
        ),
        (
            {"platforms": [{"platform": name, "floor_ppm": 500_001} for name in BOTH]},
            ("/platforms", "above_budget"),
        ),
        (
            {"platforms": [{"platform": "web", "share_ppm": 1}]},
            ("/platforms/0/share_ppm", "not_in_mode"),
        ),
        (
            {"mode": "fixed", "platforms": fixed(web=600_000, instagram=399_999)},
            ("/platforms", "not_whole"),
        ),
        ({"mode": "fixed"}, ("/platforms", "not_whole")),
        (
            {"mode": "fixed", "platforms": [fixed(web=1_000_000)[0] | {"floor_ppm": 1}]},
            ("/platforms/0/floor_ppm", "not_in_mode"),
        ),
        (
            {"mode": "fixed", "platforms": [*fixed(web=1_000_000), {"platform": "instagram"}]},
            ("/platforms/1/share_ppm", "missing"),
        ),
        ({"max_change_ppm": 1_000_001}, ("/max_change_ppm", "less_than_equal")),
    ],
)
async def test_what_cannot_be_met_is_refused_with_its_place(
    house: House, spec: dict[str, Any], fault: tuple[str, str]
) -> None:
    here = await a_campaign(house)
    assert pointers(await house.call("PUT", f"{here}/allocation", json=spec)) == [fault]


async def test_fixed_shares_become_limits_to_the_micro(house: House) -> None:
    here = await a_campaign(house, daily_budget_micros=1_000_001)
    await spread(house, here, mode="fixed", platforms=fixed(web=250_000, instagram=750_000))
    preview = await planned(house, here)
    # 1,000,001 by quarters: 250,000.25 and 750,000.75
    assert spends(preview) == {"instagram": 750_001, "web": 250_000}
    assert (preview["id"], preview["created_at"]) == (None, None)
    assert await limits(house, here) == {}
    held = await planned(house, here, 201, apply=True)
    assert held["id"].startswith("alc_")
    assert (held["cause"], held["budget_micros"], held["dual_gap"]) == ("asked", 1_000_001, 0.0)
    assert {one["reason"] for one in held["platforms"]} == {"fixed"}
    assert await limits(house, here) == {"instagram": 750_001, "web": 250_000}
    log = await house.read(f"/v1/audit-log?resource=allocation&resource_id={held['id']}")
    assert log["data"][0]["after"]["platforms"] == held["platforms"]


async def test_fixed_shares_of_platforms_that_are_gone_are_named_in_a_conflict(
    house: House,
) -> None:
    here = await a_campaign(house)
    await spread(house, here, mode="fixed", platforms=fixed(web=250_000, instagram=750_000))
    assert (await house.call("PATCH", here, json={"platforms": ["tv", "web"]})).is_success
    assert spends(await planned(house, here)) == {"tv": 0, "web": 10_000_000}
    assert (await house.call("PATCH", here, json={"platforms": ["tv"]})).is_success
    told = await planned(house, here, 409)
    assert "fixed shares of 'tv' add up to 0 ppm" in told["detail"]
    assert "give shares of the platforms that there are now" in told["detail"]


async def test_a_limit_holds_and_what_is_spent_stays_in_the_next_plan(house: House) -> None:
    here = await a_campaign(house)
    await spread(house, here, mode="fixed", platforms=fixed(web=300_000, instagram=700_000))
    await planned(house, here, 201, apply=True)
    # 3,000,000 for web: two clicks of 1.4 million fit, a third does not
    assert await spend_on_web(house, here, 1_400_000, 1_400_000, 1_400_000) == 2
    await spread(house, here, mode="fixed", platforms=fixed(web=100_000, instagram=900_000))
    plan = await planned(house, here, 201, apply=True)
    assert spends(plan) == {"instagram": 7_200_000, "web": 2_800_000}
    spent = {one["platform"]: one["spent_micros"] for one in plan["platforms"]}
    assert spent == {"instagram": 0, "web": 2_800_000}
    assert await spend_on_web(house, here, 1) == 0
    assert (await house.call("DELETE", f"{here}/allocation")).status_code == 204
    assert await spend_on_web(house, here, 1_400_000) == 1


async def test_the_better_platform_gets_more_and_a_preview_is_the_plan(house: House) -> None:
    here = await a_campaign(house)
    campaign_id = here.rpartition("/")[2]
    await report(house, here, *range(1, 15), clicks=400)
    # web cost the same on those days, and brought a twentieth
    await house.run(
        "INSERT INTO platform_results (store_id, platform, campaign_id, hour, source,"
        " spend_micros, impressions, clicks) SELECT store_id, 'web', campaign_id, hour, 'own',"
        " spend_micros, impressions, 20 FROM platform_results WHERE campaign_id = :it",
        it=campaign_id,
    )
    await spread(house, here, platforms=[{"platform": "web", "floor_ppm": 50_000}])
    preview = await planned(house, here)
    assert sum(spends(preview).values()) == 10_000_000
    assert spends(preview)["instagram"] > 8_000_000
    assert spends(preview)["web"] >= 500_000
    assert 0 <= preview["dual_gap"] <= 1e-5
    held = await planned(house, here, 201, apply=True)
    assert spends(held) == spends(preview)
    assert all(one["detail"] for one in held["platforms"])


async def test_plans_are_listed_newest_first_with_what_the_day_brought(house: House) -> None:
    here = await a_campaign(house)
    await spread(house, here, mode="fixed", platforms=fixed(web=400_000, instagram=600_000))
    made = [await planned(house, here, 201, apply=True) for _ in range(3)]
    await report(house, here, 0, clicks=33)
    await spend_on_web(house, here, 1_000_000)
    first = await house.read(f"{here}/allocations?limit=2")
    rest = await house.read(f"{here}/allocations?limit=2&cursor={first['next']}")
    listed = first["data"] + rest["data"]
    assert [one["id"] for one in listed] == [one["id"] for one in made[::-1]]
    assert rest["next"] is None
    came = {
        one["platform"]: (one["spent_micros"], one["actual"]) for one in listed[0]["platforms"]
    }
    # nothing has counted the events of web yet; what was charged is known at once
    assert came == {"instagram": (5_000_000, 33), "web": (1_000_000, None)}


@pytest.mark.parametrize(
    "key",
    [
        "{}",
        '["2026-11-23T00:00:00", "alc_1"]',
        r'["2026-11-23T00:00:00Z", "\u0000"]',  # which Postgres does not take
    ],
)
async def test_what_is_no_cursor_of_plans_is_refused(house: House, key: str) -> None:
    here = await a_campaign(house)
    cursor = urlsafe_b64encode(key.encode()).decode().rstrip("=")
    bad = await house.call("GET", f"{here}/allocations?cursor={cursor}")
    assert pointers(bad) == [("/query/cursor", "bad_cursor")]


async def test_a_budget_of_ones_own_is_for_previews_and_never_above_the_days(
    house: House,
) -> None:
    here = await a_campaign(house)
    more = {"budget_micros": 50_000_000}
    # without a policy there is a preview by the default, and nothing to apply
    assert sum(spends(await planned(house, here, **more)).values()) == 50_000_000
    assert (await planned(house, here, 409, apply=True))["status"] == 409
    await spread(house, here, mode="fixed", platforms=fixed(web=1_000_000))
    refused = await house.call("POST", f"{here}/allocations", json=more | {"apply": True})
    assert pointers(refused) == [("/budget_micros", "above_budget")]
    less = await planned(house, here, 201, apply=True, budget_micros=4)
    assert spends(less) == {"instagram": 0, "web": 4}


async def test_the_same_request_sent_again_makes_one_plan(house: House) -> None:
    here = await a_campaign(house)
    await spread(house, here)
    headers = {"Idempotency-Key": f"plan {here}"}
    first, again = [
        await house.call("POST", f"{here}/allocations", json={"apply": True}, headers=headers)
        for _ in range(2)
    ]
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json() == again.json()
    assert len((await house.read(f"{here}/allocations"))["data"]) == 1


async def test_a_merchant_plans_its_own_campaigns_and_sees_no_others(house: House) -> None:
    mine = f"/v1/campaigns/{house.shop.campaign.campaign_id}"
    merchant: dict[str, Any] = {"key": house.shop.merchant}
    assert (await house.call("PUT", f"{mine}/allocation", json={}, **merchant)).is_success
    plan = await house.call("POST", f"{mine}/allocations", json={"apply": True}, **merchant)
    assert plan.status_code == 201, plan.text
    rival = await house.made("/v1/advertisers", {"name": "Rival"})
    body = draft(house.shop, platforms=["tv"]) | {"advertiser_id": rival["id"]}
    theirs = f"/v1/campaigns/{(await house.made('/v1/campaigns', body))['id']}"
    await spread(house, theirs)
    callers: list[dict[str, Any]] = [merchant, {"key": house.other.admin}]
    for caller in callers:
        for method, path in (
            ("GET", "allocation"), ("PUT", "allocation"), ("DELETE", "allocation"),
            ("POST", "allocations"), ("GET", "allocations"),
        ):  # fmt: skip
            sent: dict[str, Any] = {"json": {}} if method in {"PUT", "POST"} else {}
            response = await house.call(method, f"{theirs}/{path}", **sent, **caller)
            assert response.status_code == 404, (method, path, response.text)
    assert await house.read(f"{theirs}/allocation")


async def test_an_ended_campaign_stays_as_it_is(house: House) -> None:
    here = await a_campaign(house)
    await spread(house, here)
    async with house.engine.begin() as connection:
        ended = text("UPDATE campaigns SET status = 'ended' WHERE id = :it")
        await connection.execute(ended, {"it": here.rpartition("/")[2]})
    assert (await house.call("PUT", f"{here}/allocation", json={})).status_code == 409
    assert (await house.call("DELETE", f"{here}/allocation")).status_code == 409
    assert (await planned(house, here, 409, apply=True))["status"] == 409
    assert (await planned(house, here))["id"] is None
