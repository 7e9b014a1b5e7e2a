"""GET /v1/activity: what was decided and what came of it, as the store may see it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from service.api.schemas.activity import Activity
from tests.integration.api.conftest import within

if TYPE_CHECKING:
    import httpx

    from tests.integration.api.conftest import Service, Shop


async def read(service: Service, shop: Shop | None = None, **asked: Any) -> httpx.Response:
    headers = {"authorization": f"Bearer {(shop or service.shop).secret}"}
    return await service.client.get("/v1/activity", headers=headers, params=asked)


async def seen(service: Service, kind: str) -> dict[str, Any]:
    """The activity once an event of this type is in it."""

    async def look() -> dict[str, Any] | None:
        content: dict[str, Any] = (await read(service)).json()
        return content if kind in {event["type"] for event in content["events"]} else None

    found: dict[str, Any] = await within(5, look)
    return found


async def decided(service: Service, count: int) -> None:
    """Wait until so many decisions of the first shop are stored."""
    query = "SELECT 1 FROM decisions WHERE store_id = :store HAVING count(*) = :count"
    await service.rows_within(5, query, store=service.shop.store.store_id, count=count)


async def test_a_decision_shows_its_awards_and_what_became_of_them(service: Service) -> None:
    answer = await service.ads()
    first, second = answer["ads"][0], answer["ads"][1]
    await service.client.get(first["impression_url"])
    await service.client.get(second["impression_url"])
    await service.client.get(first["click_url"])
    await decided(service, 1)
    content = await seen(service, "click")
    Activity.model_validate_json((await read(service)).content)
    (decision,) = content["decisions"]
    assert decision["request_id"] == answer["request_id"]
    assert (decision["query"], decision["personal"]) == ("lamp", False)
    told = {award["impression_id"]: award for award in decision["awards"]}
    assert list(told) == [ad["impression_id"] for ad in answer["ads"]]
    became = {key: [event["type"] for event in award["events"]] for key, award in told.items()}
    assert became[first["impression_id"]] == ["impression", "click"]
    assert became[second["impression_id"]] == ["impression"]
    award = told[first["impression_id"]]
    assert 0 < award["price_micros"] <= award["bid_micros"]
    click = content["events"][0]
    assert (click["type"], click["impression_id"]) == ("click", first["impression_id"])
    assert click["price_micros"] == award["price_micros"]


async def test_the_last_to_arrive_come_first_and_no_one_is_named(service: Service) -> None:
    user = {"id": "ada-of-the-test", "session": "s-of-the-test", "consent": True}
    await service.ads(user=user)
    common = {"type": "feature_word", "feature_word": "brass", "query": "lamp", "user": user}
    await service.tell(
        {**common, "event_id": "e-1", "action": "shown"},
        {**common, "event_id": "e-2", "action": "clicked"},
    )
    yesterday = (datetime.now(UTC) - timedelta(days=1)).isoformat()
    earlier = {"type": "search", "query": "rug", "occurred_at": yesterday}
    receipt = await service.tell({**earlier, "event_id": "e-3", "user": user})
    assert receipt.json()["accepted"] == 1, receipt.text
    content = await seen(service, "search")
    told = [(event["type"], event["feature_word"]) for event in content["events"]]
    assert told == [("search", None), ("feature_word", "brass")]

    async def personal() -> httpx.Response | None:  # once the profile has followed the events
        await service.ads(user=user)
        answer = await read(service)
        return answer if answer.json()["decisions"][0]["personal"] else None

    assert "of-the-test" not in (await within(5, personal)).text


async def test_another_store_sees_nothing_of_it(service: Service) -> None:
    await service.ads()
    await decided(service, 1)
    assert (await read(service, service.other)).json() == {"decisions": [], "events": []}


async def test_no_more_than_asked_for(service: Service) -> None:
    for _ in range(3):
        await service.ads()
    await decided(service, 3)
    assert len((await read(service, limit=2)).json()["decisions"]) == 2


@pytest.mark.parametrize("limit", ["0", "101", "many"])
async def test_a_wrong_limit_is_named(service: Service, limit: str) -> None:
    answer = await read(service, limit=limit)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == "/query/limit"
