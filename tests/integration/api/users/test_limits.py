"""A shopper is not shown an ad too often, nor what they just bought. On real stores."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import text

from tests.integration.api.conftest import within
from tests.integration.api.users.shopper import KNOWN, consent, export

if TYPE_CHECKING:
    from tests.integration.api.conftest import Service
    from tests.integration.api.users.shopper import Settled

STRANGER = {"id": "somebody else", "session": "v-2", "consent": True}


async def see(service: Service, user: dict[str, Any]) -> int:
    """Ask for a page and tell that its ads were rendered; returns how many they were."""
    ads = (await service.ads(user=user))["ads"]
    if ads:
        events = [{"type": "impression", "token": ad["impression_url"]} for ad in ads]
        assert (await service.tell(*events)).json()["rejected"] == 0
    return len(ads)


async def test_a_campaign_rests_for_who_saw_it_often_enough(
    service: Service, settled: Settled
) -> None:
    async with service.engine.begin() as connection:
        limit = "UPDATE campaigns SET cap_impressions = 8, cap_seconds = 600 WHERE id = :id"
        await connection.execute(text(limit), {"id": service.shop.campaign.campaign_id})
    snapshots = service.state.live

    async def taken_up() -> bool:
        live = snapshots[service.shop.store.store_id]
        return bool(live.snapshot.campaigns.cap_impressions.max() == 8)

    await within(10, taken_up)
    for _ in range(2):  # two pages of four ads
        assert await see(service, KNOWN) == 4
        await settled()
    answer = await service.ads(user=KNOWN)
    assert (answer["ads"], answer["no_fill_reason"]) == ([], "capped")
    assert await see(service, STRANGER) == 4
    assert await see(service, KNOWN | {"consent": False}) == 4  # nobody is counted without it
    shown = (await export(service))["profile"]["capped_campaigns"]
    assert list(shown) == [service.shop.campaign.campaign_id]

    await consent(service, False)  # then nothing is known of it either
    assert await see(service, KNOWN) == 4


async def test_what_was_just_bought_is_not_advertised(service: Service, settled: Settled) -> None:
    ads = (await service.ads(user=KNOWN))["ads"]
    bought = ads[0]["product_id"]
    order = {"type": "conversion", "order_id": "o-1", "line": 1, "product_id": bought}
    assert (await service.tell({**order, "user": KNOWN})).json()["accepted"] == 1
    await settled()
    key = {"authorization": f"Bearer {service.shop.secret}"}
    body = {"query": "lamp", "placement": "search_top", "explain": True}
    filtered = []
    for user in (KNOWN, STRANGER):
        answer = await service.client.post("/v1/ads", json=body | {"user": user}, headers=key)
        filtered.append(answer.json()["explain"]["filtered"])
        if user is KNOWN:
            assert bought not in {ad["product_id"] for ad in answer.json()["ads"]}
    assert filtered == [{"just_bought": 1}, {}]
    assert list((await export(service))["profile"]["bought_products"]) == [bought]
