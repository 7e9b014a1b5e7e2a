"""Advertisers, and with them what all resources share."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.integration.api.management.conftest import House

PATH = "/v1/advertisers"


async def test_an_advertiser_is_made_read_changed_and_deleted(house: House) -> None:
    response = await house.call("POST", PATH, json={"name": "Lumo"})
    assert response.status_code == 201
    made = response.json()
    assert made["id"].startswith("adv_")
    assert made["name"] == "Lumo"
    assert made["created_at"].endswith("Z")
    own = response.headers["location"]
    assert own == f"{PATH}/{made['id']}"

    read = await house.call("GET", own)
    assert read.json() == made
    assert read.headers["etag"] == response.headers["etag"]

    changed = await house.call("PATCH", own, json={"name": "Lumo Ltd"})
    assert changed.json() == made | {"name": "Lumo Ltd"}
    assert changed.headers["etag"] != read.headers["etag"]
    assert (await house.read(own))["name"] == "Lumo Ltd"

    gone = await house.call("DELETE", own)
    assert (gone.status_code, gone.content) == (204, b"")
    assert (await house.call("GET", own)).status_code == 404


async def test_lists_come_in_pages_that_miss_and_repeat_nothing(house: House) -> None:
    for number in range(5):
        await house.made(PATH, {"name": f"Merchant {number}"})
    seen: list[str] = []
    path: str | None = f"{PATH}?limit=2"
    while path is not None:
        page = await house.read(path)
        assert 1 <= len(page["data"]) <= 2
        seen += [one["id"] for one in page["data"]]
        path = page["next"] and f"{PATH}?limit=2&cursor={page['next']}"
    assert len(seen) == len(set(seen)) == 6  # with the one that the shop came with
    assert seen == [one["id"] for one in (await house.read(PATH))["data"]]


async def test_a_repeat_with_the_same_key_makes_nothing_new(house: House) -> None:
    headers = {"idempotency-key": "order 1"}
    first = await house.call("POST", PATH, json={"name": "Once"}, headers=headers)
    again = await house.call("POST", PATH, json={"name": "Once"}, headers=headers)
    assert (again.status_code, again.content) == (201, first.content)
    for name in ("etag", "location"):
        assert again.headers[name] == first.headers[name]
    assert "idempotent-replayed" not in first.headers
    assert again.headers["idempotent-replayed"] == "true"
    other = await house.call("POST", PATH, json={"name": "Twice"}, headers=headers)
    assert (other.status_code, other.json()["code"]) == (409, "idempotency_key_reused")
    # another API key's namespace is its own
    theirs = await house.call(
        "POST", PATH, json={"name": "Once"}, headers=headers, key=house.shop.manager
    )
    assert theirs.json()["id"] != first.json()["id"]
    counted = await house.rows("SELECT count(*) FROM advertisers WHERE name = 'Once'")
    assert counted[0][0] == 2


async def test_an_error_keeps_nothing_under_the_key(house: House) -> None:
    headers = {"idempotency-key": "retry"}
    await house.run("ALTER TABLE advertisers RENAME TO moved")
    failed = await house.call("POST", PATH, json={"name": "Later"}, headers=headers)
    assert failed.status_code == 500
    await house.run("ALTER TABLE moved RENAME TO advertisers")
    made = await house.call("POST", PATH, json={"name": "Later"}, headers=headers)
    assert made.status_code == 201
    assert "idempotent-replayed" not in made.headers


async def test_a_key_is_forgotten_after_a_day(house: House) -> None:
    headers = {"idempotency-key": "yesterday"}
    first = await house.call("POST", PATH, json={"name": "Daily"}, headers=headers)
    await house.run("UPDATE idempotency_keys SET created_at = now() - interval '25 hours'")
    second = await house.call("POST", PATH, json={"name": "Daily"}, headers=headers)
    assert second.status_code == 201
    assert second.json()["id"] != first.json()["id"]
    third = await house.call("POST", PATH, json={"name": "Daily"}, headers=headers)
    assert third.json()["id"] == second.json()["id"]
    await house.run("UPDATE idempotency_keys SET created_at = now() - interval '3 days'")
    await house.call("POST", PATH, json={"name": "x"}, headers={"idempotency-key": "today"})
    assert await house.rows("SELECT idempotency_key FROM idempotency_keys") == [("today",)]


async def test_of_equal_requests_at_once_one_makes_and_all_get_its_answer(house: House) -> None:
    for race in range(5):
        headers = {"idempotency-key": f"race {race}"}
        answers = await asyncio.gather(
            *(
                house.call("POST", PATH, json={"name": f"Racer {race}"}, headers=headers)
                for _ in range(6)
            )
        )
        assert [answer.status_code for answer in answers] == [201] * 6
        assert len({answer.content for answer in answers}) == 1
        assert sum("idempotent-replayed" in answer.headers for answer in answers) == 5
    counted = await house.rows("SELECT count(*) FROM advertisers WHERE name LIKE 'Racer%'")
    assert counted[0][0] == 5


async def test_of_two_changes_of_the_same_version_one_goes_through(house: House) -> None:
    made = await house.made(PATH, {"name": "Start"})
    own = f"{PATH}/{made['id']}"
    for race in range(10):
        etag = (await house.call("GET", own)).headers["etag"]
        answers = await asyncio.gather(
            *(
                house.call(
                    "PATCH", own, json={"name": f"{race} {one}"}, headers={"if-match": etag}
                )
                for one in range(2)
            )
        )
        assert sorted(answer.status_code for answer in answers) == [200, 412]
        won = next(answer for answer in answers if answer.status_code == 200)
        lost = next(answer for answer in answers if answer.status_code == 412)
        assert lost.json()["code"] == "precondition_failed"
        assert (await house.read(own)) == won.json()


async def test_if_match_takes_lists_and_any_but_no_stale_one(house: House) -> None:
    made = await house.made(PATH, {"name": "Match"})
    own = f"{PATH}/{made['id']}"
    etag = (await house.call("GET", own)).headers["etag"]
    for given, status in (
        ("*", 200), (f'"stale", {etag}', 200), (f"W/{etag}", 412), ('"stale"', 412), ("x", 412),
    ):  # fmt: skip
        headers = {"if-match": given}
        response = await house.call("PATCH", own, json={"name": "Match"}, headers=headers)
        assert response.status_code == status, given
    stale = await house.call("DELETE", own, headers={"if-match": '"stale"'})
    assert stale.status_code == 412
    assert (await house.call("DELETE", own, headers={"if-match": etag})).status_code == 204


async def test_what_belongs_to_another_store_or_merchant_does_not_exist(house: House) -> None:
    theirs = f"{PATH}/{house.other.campaign.advertiser_id}"
    rival = f"{PATH}/{(await house.made(PATH, {'name': 'Rival'}))['id']}"
    own = f"{PATH}/{house.shop.campaign.advertiser_id}"
    for key, path in (
        (house.shop.admin, theirs), (house.shop.manager, theirs), (house.shop.merchant, theirs),
        (house.shop.merchant, rival), (house.shop.merchant_admin, rival),
        (house.shop.admin, f"{PATH}/adv_none"),
    ):  # fmt: skip
        for method, body in (("GET", None), ("PATCH", {"name": "Mine"}), ("DELETE", None)):
            response = await house.call(method, path, key=key, json=body)
            assert (response.status_code, response.json()["code"]) == (404, "not_found"), path
    assert [one["id"] for one in (await house.read(PATH, key=house.shop.merchant))["data"]] == [
        house.shop.campaign.advertiser_id
    ]
    assert {one["id"] for one in (await house.read(PATH))["data"]} == {
        house.shop.campaign.advertiser_id,
        rival.removeprefix(f"{PATH}/"),
    }
    # its own it may see and rename, but neither make nor delete merchants
    assert (await house.call("GET", own, key=house.shop.merchant)).status_code == 200
    renamed = await house.call("PATCH", own, key=house.shop.merchant, json={"name": "Me"})
    assert renamed.status_code == 200
    for method, path in (("POST", PATH), ("DELETE", own)):
        body = {"name": "More"} if method == "POST" else None
        refused = await house.call(method, path, key=house.shop.merchant, json=body)
        assert (refused.status_code, refused.json()["code"]) == (403, "forbidden")


async def test_an_advertiser_with_campaigns_stays(house: House) -> None:
    response = await house.call("DELETE", f"{PATH}/{house.shop.campaign.advertiser_id}")
    assert response.status_code == 409
    assert response.json()["detail"] == "the advertiser has 1 campaigns; delete them first"


async def test_every_change_stands_in_the_audit_log(house: House) -> None:
    made = await house.made(PATH, {"name": "Old"}, key=house.shop.manager)
    own = f"{PATH}/{made['id']}"
    await house.call("PATCH", own, json={"name": "New"})
    await house.call("PATCH", own, json={"name": "Refused"}, headers={"if-match": '"x"'})
    await house.call("DELETE", own)
    rows = await house.rows(
        "SELECT action, before, after, k.scopes[1] FROM audit_log a"
        " JOIN api_keys k ON k.id = a.key_id WHERE resource_id = :id ORDER BY a.id",
        id=made["id"],
    )
    new = made | {"name": "New"}
    assert rows == [
        ("create", None, made, "manage"),
        ("change", made, new, "admin"),
        ("delete", new, None, "admin"),
    ]
