"""From a merchant who books over REST to what a click cost: the whole service, with its worker."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.integration.api.conftest import within

if TYPE_CHECKING:
    from tests.integration.api.conftest import Service


async def test_what_is_booked_is_served_clicked_charged_and_stopped(service: Service) -> None:
    headers = {"authorization": f"Bearer {service.shop.secret}"}

    async def call(method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        response = await service.client.request(method, path, json=body, headers=headers)
        assert response.status_code < 300, response.text
        return response.json()

    merchant = await call("POST", "/v1/advertisers", {"name": "Brightly"})
    campaign = await call(
        "POST",
        "/v1/campaigns",
        {
            "advertiser_id": merchant["id"],
            "name": "Reading lamps",
            "bid_micros": 900_000,  # the shop's own bids 500,000
            "budget_micros": 50_000_000,
        },
    )
    own = f"/v1/campaigns/{campaign['id']}"
    made = await call("POST", f"{own}/ads", {"ads": [{"product_id": "100003"}]})
    await call("POST", f"{own}/keywords", {"keywords": [{"text": "lamp"}]})
    await call("PATCH", own, {"status": "active"})

    async def first() -> Any:
        ads = (await service.ads())["ads"]
        return next((ad for ad in ads if ad["campaign_id"] == campaign["id"]), None)

    ad = await within(3.0, first)
    assert ad["ad_id"] == made["results"][0]["id"]
    assert (await service.client.get(ad["click_url"])).status_code == 302

    async def spent() -> Any:
        return (await call("GET", own))["spent_micros"]

    assert 10_000 <= await within(5.0, spent) <= 900_000  # between the reserve and the bid

    await call("PATCH", own, {"status": "paused"})

    async def gone() -> bool:
        return await first() is None

    await within(3.0, gone)
