"""Products, one by one and in lists."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.integration.api.management.conftest import House

PATH = "/v1/products"
LAMP: dict[str, Any] = {
    "title": "Desk &amp; floor <b>lamp</b>",
    "link": "https://lamps.example/p/1",
    "price_micros": 39_900_000,
    "description": "Bright",
    "brand": "Lumo",
    "category": "Home > Lamps",
    "image_link": "/i/1.png",
    "in_stock": False,
    "highlights": ["dimmable", "solid brass"],
    "attributes": {"Watts": "5", "material": "brass"},
}


async def test_a_product_is_made_read_replaced_and_deleted(house: House) -> None:
    own = f"{PATH}/lamp-1"
    made = await house.call("PUT", own, json=LAMP)
    assert made.status_code == 201
    shown = made.json()
    assert shown == LAMP | {
        "id": "lamp-1",
        "title": "Desk & floor lamp",
        "updated_at": shown["updated_at"],
    }
    read = await house.call("GET", own)
    assert (read.json(), read.headers["etag"]) == (shown, made.headers["etag"])

    same = await house.call("PUT", own, json=LAMP)
    assert (same.status_code, same.json()) == (200, shown)
    bare = {"title": "Lamp", "link": "/p/1", "price_micros": 0}
    replaced = await house.call("PUT", own, json=bare, headers={"if-match": read.headers["etag"]})
    assert replaced.status_code == 200
    assert (replaced.json()["brand"], replaced.json()["in_stock"]) == ("", True)
    stale = await house.call("PUT", own, json=LAMP, headers={"if-match": read.headers["etag"]})
    assert (stale.status_code, stale.json()["code"]) == (412, "precondition_failed")
    gone = await house.call("DELETE", own)
    assert (gone.status_code, gone.content) == (204, b"")
    assert (await house.call("GET", own)).status_code == 404
    entries = (await house.read("/v1/audit-log?resource_id=lamp-1"))["data"]
    assert [entry["action"] for entry in entries] == ["delete", "change", "create"]


async def test_a_product_that_goes_takes_its_ads_along_and_what_is_served_follows(
    house: House,
) -> None:
    version = "SELECT catalogue_version FROM stores WHERE id = :id"
    before = await house.rows(version, id=house.shop.store_id)
    assert len((await house.read("/v1/ads?product_id=100001"))["data"]) == 1
    assert (await house.call("DELETE", f"{PATH}/100001")).status_code == 204
    assert (await house.read("/v1/ads?product_id=100001"))["data"] == []
    assert await house.rows(version, id=house.shop.store_id) > before


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"title": "<b></b>"}, "/title"),
        ({"title": ""}, "/title"),
        ({"link": "javascript:alert(1)"}, "/link"),
        ({"link": "//evil.example"}, "/link"),
        ({"link": "https://a@b.example/"}, "/link"),
        ({"image_link": "data:x"}, "/image_link"),
        ({"price_micros": -1}, "/price_micros"),
        ({"price_micros": 1.5}, "/price_micros"),
        ({"price_micros": True}, "/price_micros"),
        ({"price_micros": 10**16}, "/price_micros"),
        ({"highlights": ["x" * 151]}, "/highlights/0"),
        ({"attributes": {"colour": 1}}, "/attributes/colour"),
        ({"colour": "red"}, "/colour"),
    ],
)
async def test_a_product_that_cannot_be_is_refused_with_its_field(
    house: House, change: dict[str, Any], pointer: str
) -> None:
    answer = await house.call("PUT", f"{PATH}/odd", json=LAMP | change)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_request")
    assert [fault["pointer"] for fault in answer.json()["errors"]] == [pointer]
    assert (await house.call("GET", f"{PATH}/odd")).status_code == 404


@pytest.mark.parametrize("name", ["%20lamp", "a%0Ab", "a%00b", "x" * 129, "%3Cb%3E"])
async def test_an_id_that_a_feed_could_not_bring_is_refused(house: House, name: str) -> None:
    answer = await house.call("PUT", f"{PATH}/{name}", json=LAMP)
    assert answer.status_code == 422, answer.text


async def test_lists_are_filtered_and_come_in_pages(house: House) -> None:
    names = [f"p{number}" for number in range(5)] + ["q\ue000" + "\U0001f4a1" * 126]
    for number, name in enumerate(names):
        body = LAMP | {
            "category": ["Home>Lamps > Desk", "Home > Lampshades"][number % 2],
            "in_stock": number < 3,
            "brand": f"B{number // 3}",
        }
        assert (await house.call("PUT", f"{PATH}/{name}", json=body)).status_code == 201

    async def found(query: str) -> list[str]:
        data = (await house.read(f"{PATH}?{query}"))["data"]
        return [one["id"] for one in data if not one["id"].isdecimal()]

    assert await found("category=home%20>%20lamps") == [names[0], names[2], names[4]]
    assert await found("category=home&in_stock=true") == names[:3]
    assert await found("brand=B1") == names[3:]
    assert await found("category=ho%25") == []
    assert await found("updated_since=2199-01-01T00:00:00Z") == []
    assert await found("updated_since=2020-01-01T00:00:00Z") == names
    seen: list[str] = []
    path: str | None = f"{PATH}?limit=1"
    while path is not None:
        page = await house.read(path)
        seen += [one["id"] for one in page["data"]]
        path = page["next"] and f"{PATH}?limit=1&cursor={page['next']}"
    assert len(seen) == len(set(seen)) == 8 + 6


async def test_merchants_may_look_and_another_store_sees_nothing(house: House) -> None:
    for key in (house.shop.merchant, house.shop.manager):
        assert len((await house.read(PATH, key=key))["data"]) == 8
    for method, body in (("PUT", LAMP), ("DELETE", None)):
        answer = await house.call(method, f"{PATH}/100001", key=house.shop.merchant, json=body)
        assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")
    assert (await house.call("PUT", f"{PATH}/only-here", json=LAMP)).status_code == 201
    answer = await house.call("GET", f"{PATH}/only-here", key=house.other.admin)
    assert answer.status_code == 404
    assert (
        await house.call("DELETE", f"{PATH}/only-here", key=house.other.admin)
    ).status_code == 404


async def test_of_two_changes_of_the_same_version_one_goes_through(house: House) -> None:
    own = f"{PATH}/raced"
    await house.call("PUT", own, json=LAMP)
    for race in range(5):
        etag = (await house.call("GET", own)).headers["etag"]
        answers = await asyncio.gather(
            *(
                house.call(
                    "PUT",
                    own,
                    json=LAMP | {"title": f"{race} {one}"},
                    headers={"if-match": etag},
                )
                for one in range(2)
            )
        )
        assert sorted(answer.status_code for answer in answers) == [200, 412]
