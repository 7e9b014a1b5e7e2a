"""Payments, balances, refunds, the ledger and invoices over REST."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import text

from service.store.ledger import Due, charge
from tests.integration.api.management.test_campaigns import draft, pointers, spend

if TYPE_CHECKING:
    from tests.integration.api.management.conftest import House

REFUNDS = "/v1/refunds"


async def a_campaign(house: House, **more: Any) -> str:
    """A campaign of an advertiser of its own; returns its id."""
    advertiser = await house.made("/v1/advertisers", {"name": "Lumo"})
    body = draft(house.shop, **more) | {"advertiser_id": advertiser["id"]}
    return str((await house.made("/v1/campaigns", body))["id"])


async def owner_of(house: House, campaign_id: str) -> str:
    return str((await house.read(f"/v1/campaigns/{campaign_id}"))["advertiser_id"])


async def balance(house: House, advertiser_id: str) -> int | None:
    found = (await house.read(f"/v1/advertisers/{advertiser_id}"))["balance_micros"]
    assert found is None or isinstance(found, int)
    return found


async def test_the_first_payment_begins_a_balance_that_campaigns_live_within(house: House) -> None:
    campaign_id = await a_campaign(house)
    advertiser_id = await owner_of(house, campaign_id)
    here = f"/v1/advertisers/{advertiser_id}/payments"
    # on account: 300 are spent without a limit
    assert await balance(house, advertiser_id) is None
    assert await spend(house, campaign_id, 300) == 1
    etag = (await house.call("GET", f"/v1/advertisers/{advertiser_id}")).headers["etag"]
    paid = await house.made(here, {"amount_micros": 250, "note": "Transfer"})
    assert paid["id"].startswith("pay_")
    assert await balance(house, advertiser_id) == 250
    # of 100 + 100 + 100 it pays two
    assert await spend(house, campaign_id, 0, 100, 100, 100) == 2
    assert await balance(house, advertiser_id) == 50
    assert (await house.call("GET", f"/v1/advertisers/{advertiser_id}")).headers["etag"] == etag
    await house.made(here, {"amount_micros": 100})
    assert await spend(house, campaign_id, 0, 0, 0, 0, 0, 100) == 1
    listed = await house.read(here)
    assert [(one["amount_micros"], one["note"]) for one in listed["data"]] == [
        (250, "Transfer"),
        (100, ""),
    ]


async def test_no_more_is_paid_out_than_is_left(house: House) -> None:
    campaign_id = await a_campaign(house)
    advertiser_id = await owner_of(house, campaign_id)
    here = f"/v1/advertisers/{advertiser_id}/payments"
    await house.made(here, {"amount_micros": 250})
    await spend(house, campaign_id, 100)
    refused = await house.call("POST", here, json={"amount_micros": -151})
    assert refused.status_code == 409
    assert "the balance is less than 151" in refused.json()["detail"]
    await house.made(here, {"amount_micros": -150})
    assert await balance(house, advertiser_id) == 0
    assert pointers(await house.call("POST", here, json={"amount_micros": 0})) == [
        ("/amount_micros", "zero")
    ]
    gone = await house.call("DELETE", f"/v1/advertisers/{advertiser_id}")
    assert gone.status_code == 409


async def test_a_payment_sent_again_with_its_key_counts_once(house: House) -> None:
    advertiser_id = (await house.made("/v1/advertisers", {"name": "Lumo"}))["id"]
    here = f"/v1/advertisers/{advertiser_id}/payments"
    headers = {"Idempotency-Key": f"pay {advertiser_id}"}
    first, again = [
        await house.call("POST", here, json={"amount_micros": 70}, headers=headers)
        for _ in range(2)
    ]
    assert first.json() == again.json()
    assert await balance(house, advertiser_id) == 70
    whose = await house.call(
        "GET", f"/v1/audit-log?resource=payment&resource_id={first.json()['id']}"
    )
    assert [one["action"] for one in whose.json()["data"]] == ["create"]


async def test_named_impressions_are_refunded_once_and_said_of_what_was_not(house: House) -> None:
    campaign_id = await a_campaign(house)
    await spend(house, campaign_id, 100, 70)
    named = [f"imp_{campaign_id}_{number}" for number in (0, 9)]
    body = {"reason": "goodwill", "impression_ids": named}
    assert await house.made(REFUNDS, body) == {
        "refunded": 1,
        "refunded_micros": 100,
        "not_refunded": [named[1]],
        "more": False,
    }
    campaign = await house.read(f"/v1/campaigns/{campaign_id}")
    assert (campaign["spent_micros"], campaign["spent_today_micros"]) == (70, 70)
    again = await house.made(REFUNDS, body)
    assert (again["refunded"], again["not_refunded"]) == (0, named)
    log = await house.read(f"/v1/audit-log?resource=campaign&resource_id={campaign_id}")
    newest = log["data"][0]
    assert (newest["action"], newest["after"]) == (
        "refund",
        {"reason": "goodwill", "refunded": 1, "refunded_micros": 100},
    )


async def test_what_was_booked_in_a_time_is_refunded_and_listed(house: House) -> None:
    campaign_id, other = await a_campaign(house), await a_campaign(house)
    await spend(house, campaign_id, 100, 70)
    await spend(house, other, 40)
    now = datetime.now(UTC)
    hour = {
        "since": (now - timedelta(hours=1)).isoformat(),
        "until": (now + timedelta(hours=1)).isoformat(),
    }
    body = {"reason": "too_many", "campaign_id": campaign_id, **hour}
    assert pointers(await house.call("POST", REFUNDS, json=body | {"until": None})) == [
        ("/until", "missing")
    ]
    assert pointers(await house.call("POST", REFUNDS, json=body | {"campaign_id": "cmp_no"})) == [
        ("/campaign_id", "unknown_campaign")
    ]
    past = body | {"until": hour["since"], "since": "2026-01-01T00:00:00Z"}
    assert (await house.made(REFUNDS, past))["refunded"] == 0
    made = await house.made(REFUNDS, body)
    assert (made["refunded"], made["refunded_micros"]) == (2, 170)
    listed = await house.read(f"{REFUNDS}?campaign_id={campaign_id}")
    assert sorted(one["amount_micros"] for one in listed["data"]) == [-100, -70]
    assert {(one["kind"], one["refund_of"], one["reason"]) for one in listed["data"]} == {
        ("refund", "click", "too_many")
    }
    assert (await house.read(f"/v1/campaigns/{other}"))["spent_micros"] == 40


async def test_the_ledger_is_read_page_by_page_newest_first(house: House) -> None:
    campaign_id = await a_campaign(house)
    for number in range(5):  # one transaction each, so each at a time of its own
        await spend(house, campaign_id, *[0] * number, 100 + number)
    await house.made(REFUNDS, {"reason": "bot", "impression_ids": [f"imp_{campaign_id}_3"]})
    path, found = f"/v1/campaigns/{campaign_id}/ledger", []
    page = await house.read(f"{path}?limit=2")
    while True:
        found += [one["amount_micros"] for one in page["data"]]
        if page["next"] is None:
            break
        page = await house.read(f"{path}?limit=2&cursor={page['next']}")
    assert found == [-103, 104, 103, 102, 101, 100]
    assert pointers(await house.call("GET", f"{path}?cursor=YWR2")) == [
        ("/query/cursor", "bad_cursor")
    ]


async def test_the_ledger_says_where_was_shown_what_was_paid_for(house: House) -> None:
    campaign_id = await a_campaign(house)
    await spend(house, campaign_id, 100)  # as of a version that did not say
    due = Due("click", f"imp_{campaign_id}_app", house.shop.store_id, campaign_id, 50, 1.79e9)
    async with house.engine.begin() as connection:
        await charge(connection, [due._replace(platform="app")])
    await house.made(REFUNDS, {"reason": "goodwill", "impression_ids": [due.impression_id]})
    page = await house.read(f"/v1/campaigns/{campaign_id}/ledger")
    assert [(one["amount_micros"], one["platform"]) for one in page["data"]] == [
        (-50, "app"),
        (50, "app"),
        (100, None),
    ]


async def test_an_invoice_counts_charges_and_refunds_of_its_month(house: House) -> None:
    campaign_id = await a_campaign(house, name="=1+1", budget_micros=10_000_000)
    advertiser_id = await owner_of(house, campaign_id)
    await spend(house, campaign_id, 1_500_000, 250_000)
    await house.made(REFUNDS, {"reason": "bot", "impression_ids": [f"imp_{campaign_id}_1"]})
    now = datetime.now(UTC)
    path = f"/v1/advertisers/{advertiser_id}/invoices"
    answer = await house.call("GET", f"{path}/{now:%Y-%m}.csv")
    assert answer.headers["content-type"].startswith("text/csv")
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert [
        (row["campaign"], row["kind"], row["events"], row["charged"], row["refunded_micros"])
        for row in rows
    ] == [
        ("'=1+1", "click", "2", "1.750000", "0"),
        ("'=1+1", "refund", "1", "0.000000", "250000"),
        ("", "total", "3", "1.750000", "250000"),
    ]
    assert {row["currency"] for row in rows} == {"EUR"}
    before = await house.call("GET", f"{path}/2020-01.csv")
    assert len(before.text.splitlines()) == 2
    assert (await house.call("GET", f"{path}/2026-13.csv")).status_code == 422


async def test_an_old_charge_that_is_given_back_now_is_in_this_months_invoice(
    house: House,
) -> None:
    campaign_id = await a_campaign(house)
    advertiser_id = await owner_of(house, campaign_id)
    await spend(house, campaign_id, 100)
    async with house.engine.begin() as connection:
        await connection.execute(text("SET LOCAL session_replication_role = replica"))
        old = "UPDATE {} SET day = '2026-01-31'{} WHERE campaign_id = :id"
        for table, more in (
            ("charges", ", charged_at = '2026-01-31 12:00Z'"),
            ("campaign_days", ""),
        ):
            await connection.execute(text(old.format(table, more)), {"id": campaign_id})
    path = f"/v1/advertisers/{advertiser_id}/invoices"
    january = (await house.call("GET", f"{path}/2026-01.csv")).text
    assert january.splitlines()[-1] == "2026-01,,,total,1,EUR,0.000100,0.000000,100,0"
    await house.made(REFUNDS, {"reason": "goodwill", "impression_ids": [f"imp_{campaign_id}_0"]})
    assert (await house.call("GET", f"{path}/2026-01.csv")).text == january
    now = f"{datetime.now(UTC):%Y-%m}"
    answer = (await house.call("GET", f"{path}/{now}.csv")).text
    assert answer.splitlines()[-1] == f"{now},,,total,1,EUR,0.000000,0.000100,0,100"


async def test_a_merchant_pays_in_and_gives_back_nothing_itself(house: House) -> None:
    own = house.shop.campaign.advertiser_id
    here = f"/v1/advertisers/{own}/payments"
    key = house.shop.merchant
    assert (await house.call("POST", here, json={"amount_micros": 1}, key=key)).status_code == 403
    body = {"reason": "goodwill", "impression_ids": ["imp_1"]}
    assert (await house.call("POST", REFUNDS, json=body, key=key)).status_code == 403
    assert (await house.call("GET", here, key=key)).status_code == 200
