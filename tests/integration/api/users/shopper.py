"""One shopper of the demo shop, whose traces the tests look for."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import httpx

    from tests.integration.api.conftest import Service

Settled = Callable[[], Awaitable[None]]

WHO = "shopper/ünique 4711@mail.example"  # as ids are: with a slash, a space and more than ASCII
AT = "shopper%2F%C3%BCnique%204711%40mail.example"
KNOWN = {"id": WHO, "session": "visit-4711", "consent": True}


async def call(service: Service, method: str, path: str, **options: Any) -> httpx.Response:
    headers = {"authorization": f"Bearer {service.shop.secret}"}
    return await service.client.request(method, path, headers=headers, **options)


async def consent(service: Service, value: bool) -> None:
    answer = await call(service, "PUT", f"/v1/users/{AT}/consent", json={"consent": value})
    assert answer.status_code == 204, answer.text


async def export(service: Service, query: str = "") -> dict[str, Any]:
    answer = await call(service, "GET", f"/v1/users/{AT}{query}")
    assert answer.status_code == 200, answer.text
    shown: dict[str, Any] = answer.json()
    return shown


async def act(service: Service, name: str, user: dict[str, Any] = KNOWN) -> dict[str, Any]:
    """Search, click a word, see an ad, click it, put it in the cart, buy it; the answer of ads."""
    answer = await service.ads(user=user)
    ad = answer["ads"][0]
    told = await service.tell(
        {"type": "search", "event_id": f"{user['id']}-{name}-1", "query": "lamp", "user": user},
        {"type": "feature_word", "event_id": f"{name}-2", "action": "clicked",
         "feature_word": "oak base", "query": "lamp", "user": user},
        {"type": "impression", "token": ad["impression_url"]},
        {"type": "add_to_cart", "event_id": f"{name}-3", "product_id": ad["product_id"],
         "user": user},
        {"type": "conversion", "order_id": f"order-of-{user['id']}-{name}", "line": 1,
         "product_id": ad["product_id"], "value": 5_000_000, "user": user},
    )  # fmt: skip
    assert told.json()["accepted"] == 5, told.text
    assert (await click(service, ad)).status_code == 302
    return answer


async def click(service: Service, ad: dict[str, Any]) -> httpx.Response:
    return await service.client.get(ad["click_url"].replace("http://ads.example", ""))
