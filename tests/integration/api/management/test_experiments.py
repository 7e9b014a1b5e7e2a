"""Experiments: drafts, one that runs, what was stopped; who may look; what answers then say."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    import httpx

    from tests.integration.api.management.conftest import House

PATH = "/v1/experiments"
RULE = {"source": "personal", "most": None, "highlight": "chosen"}
PLAIN = {"name": "plain", "weight": 5000, "selling_points": {"source": "none"}}
USUAL = {"name": "usual", "weight": 5000}
DRAFT: dict[str, Any] = {"name": "Any at all?", "arms": [PLAIN, USUAL]}
START, STOP = {"status": "running"}, {"status": "stopped"}


def told(response: httpx.Response) -> list[tuple[str, str]]:
    assert response.status_code == 422, response.text
    return [(error["pointer"], error["code"]) for error in response.json()["errors"]]


async def arm_of(house: House, user: str, **more: Any) -> list[dict[str, str]]:
    who = {"id": user, "session": "s-1", "consent": True} | more
    ask = {"query": "red lamp", "placement": "search_top", "user": who}
    answer = await house.call("POST", "/v1/ads", json=ask)
    found: list[dict[str, str]] = answer.json()["experiments"]
    return found


async def test_a_draft_has_buckets_and_nobody_in_them(house: House) -> None:
    made = await house.made(PATH, DRAFT)
    assert made["id"].startswith("exp_")
    assert (made["status"], made["started_at"], made["stopped_at"]) == ("draft", None, None)
    assert made["arms"] == [
        PLAIN | {"buckets": [[0, 5000]], "selling_points": RULE | {"source": "none"}},
        USUAL | {"buckets": [[5000, 10_000]], "selling_points": RULE},
    ]
    assert await house.read(f"{PATH}/{made['id']}") == made
    await house.reload()
    assert await arm_of(house, "ann") == []


async def test_what_runs_assigns_every_known_shopper_until_it_is_stopped(house: House) -> None:
    made = await house.made(PATH, DRAFT)
    own = f"{PATH}/{made['id']}"
    started = await house.call("PATCH", own, json=START)
    assert started.json()["status"] == "running"
    assert started.json()["started_at"] == started.json()["updated_at"]
    await house.reload()
    arms = [await arm_of(house, f"u-{number}") for number in range(40)]
    assert {one["experiment_id"] for (one,) in arms} == {made["id"]}
    assert {one["name"] for (one,) in arms} == {"Any at all?"}
    assert {one["arm"] for (one,) in arms} == {"plain", "usual"}
    assert [await arm_of(house, f"u-{number}") for number in range(40)] == arms
    assert await arm_of(house, "ann", consent=False) == []
    stopped = (await house.call("PATCH", own, json=STOP)).json()
    assert (stopped["status"], stopped["stopped_at"]) == ("stopped", stopped["updated_at"])
    await house.reload()
    assert await arm_of(house, "u-0") == []


async def test_weights_that_grow_keep_their_shoppers(house: House) -> None:
    small = [PLAIN | {"weight": 1000}, USUAL | {"weight": 1000}]
    made = await house.made(PATH, DRAFT | {"arms": small})
    own = f"{PATH}/{made['id']}"
    await house.call("PATCH", own, json=START)
    await house.reload()
    users = [f"u-{number}" for number in range(60)]
    before = {user: await arm_of(house, user) for user in users}
    changed = await house.call("PATCH", own, json={"weights": {"usual": 6000, "plain": 2000}})
    assert [(arm["weight"], arm["buckets"]) for arm in changed.json()["arms"]] == [
        (2000, [[0, 1000], [2000, 3000]]),
        (6000, [[1000, 2000], [3000, 8000]]),
    ]
    await house.reload()
    after = {user: await arm_of(house, user) for user in users}
    assert all(after[user] == arm for user, arm in before.items() if arm)
    assert 0 < sum(map(bool, before.values())) < sum(map(bool, after.values())) < len(users)


async def test_of_two_experiments_one_runs(house: House) -> None:
    first, second = await house.made(PATH, DRAFT), await house.made(PATH, DRAFT)
    answers = await asyncio.gather(
        *(house.call("PATCH", f"{PATH}/{one['id']}", json=START) for one in (first, second))
    )
    assert sorted(answer.status_code for answer in answers) == [200, 409]
    refused = next(answer for answer in answers if answer.status_code == 409).json()
    running, other = (first, second) if answers[0].is_success else (second, first)
    assert running["id"] in refused["detail"]
    again = await house.call("PATCH", f"{PATH}/{running['id']}", json=START)
    assert again.status_code == 200
    await house.call("PATCH", f"{PATH}/{running['id']}", json=STOP)
    assert (await house.call("PATCH", f"{PATH}/{other['id']}", json=START)).status_code == 200
    theirs = await house.made(PATH, DRAFT, key=house.other.admin)
    own = await house.call("PATCH", f"{PATH}/{theirs['id']}", json=START, key=house.other.admin)
    assert own.status_code == 200


async def test_what_was_stopped_stays_and_nothing_becomes_a_draft_again(house: House) -> None:
    made = await house.made(PATH, DRAFT)
    own = f"{PATH}/{made['id']}"
    assert (await house.call("PATCH", own, json={"status": "draft"})).status_code == 200
    await house.call("PATCH", own, json=START)
    assert (await house.call("PATCH", own, json={"status": "draft"})).status_code == 409
    await house.call("PATCH", own, json=STOP)
    for change in (START, {"name": "New"}, {"weights": {"plain": 1}}):
        refused = await house.call("PATCH", own, json=change)
        assert refused.status_code == 409
        assert "was stopped" in refused.json()["detail"]


async def test_a_change_is_made_only_to_what_was_read(house: House) -> None:
    made = await house.call("POST", PATH, json=DRAFT)
    own, etag = made.headers["location"], made.headers["etag"]
    assert own == f"{PATH}/{made.json()['id']}"
    headers = {"if-match": etag}
    renamed = await house.call("PATCH", own, json={"name": "Better"}, headers=headers)
    assert (renamed.status_code, renamed.json()["name"]) == (200, "Better")
    assert (await house.call("PATCH", own, json=START, headers=headers)).status_code == 412
    assert (await house.read(own))["status"] == "draft"


async def test_the_same_request_makes_one_experiment(house: House) -> None:
    key = {"idempotency-key": "titles-1"}
    first = await house.call("POST", PATH, json=DRAFT, headers=key)
    again = await house.call("POST", PATH, json=DRAFT, headers=key)
    assert again.json() == first.json()
    assert again.headers["idempotent-replayed"] == "true"
    other = await house.call("POST", PATH, json=DRAFT | {"name": "Other"}, headers=key)
    assert other.status_code == 409
    assert len((await house.read(PATH))["data"]) == 1


async def test_lists_go_by_pages_and_status(house: House) -> None:
    made = [(await house.made(PATH, DRAFT))["id"] for _ in range(3)]
    await house.call("PATCH", f"{PATH}/{made[1]}", json=START)
    page = await house.read(f"{PATH}?limit=2")
    rest = await house.read(f"{PATH}?limit=2&cursor={page['next']}")
    assert [one["id"] for one in (*page["data"], *rest["data"])] == made
    running = await house.read(f"{PATH}?status=running")
    assert [one["id"] for one in running["data"]] == [made[1]]
    assert (await house.call("GET", f"{PATH}?status=loud")).status_code == 422


async def test_every_change_is_in_the_audit_log(house: House) -> None:
    made = await house.made(PATH, DRAFT)
    await house.call("PATCH", f"{PATH}/{made['id']}", json=START)
    rows = await house.rows(
        "SELECT action, before ->> 'status', after ->> 'status' FROM audit_log"
        " WHERE resource = 'experiment' AND resource_id = :id ORDER BY id",
        id=made["id"],
    )
    assert rows == [("create", None, "draft"), ("change", "draft", "running")]


async def test_one_salt_puts_the_same_shoppers_together(house: House) -> None:
    for _ in range(2):
        made = await house.made(PATH, DRAFT | {"salt": "autumn-titles"})
        assert made["salt"] == "autumn-titles"
        await house.call("PATCH", f"{PATH}/{made['id']}", json=START)
        await house.reload()
        # BLAKE2b of "autumn-titles", 0x00, "user:ann" is bucket 8,208
        assert [one["arm"] for one in await arm_of(house, "ann")] == ["usual"]
        await house.call("PATCH", f"{PATH}/{made['id']}", json=STOP)


@pytest.mark.parametrize(
    ("more", "pointer", "code"),
    [
        ({"arms": [USUAL]}, "/arms", "too_short"),
        ({"arms": [USUAL | {"weight": 5001}, PLAIN]}, "/arms", "weights_too_large"),
        ({"arms": [USUAL, USUAL]}, "/arms/1/name", "repeated"),
        ({"arms": [USUAL | {"weight": 0.5}, PLAIN]}, "/arms/0/weight", "int_type"),
        ({"arms": [USUAL | {"weight": -1}, PLAIN]}, "/arms/0/weight", "greater_than_equal"),
        ({"arms": [USUAL | {"name": "a b"}, PLAIN]}, "/arms/0/name", "string_pattern_mismatch"),
        (
            {"arms": [PLAIN, USUAL | {"selling_points": {"most": 4}}]},
            "/arms/1/selling_points/most",
            "less_than_equal",
        ),
        (
            {"arms": [PLAIN | {"selling_points": {"source": "none", "most": 1}}, USUAL]},
            "/arms/0/selling_points/most",
            "none_to_show",
        ),
        (
            {"arms": [PLAIN, USUAL | {"selling_points": {"source": "loud"}}]},
            "/arms/1/selling_points/source",
            "enum",
        ),
        ({"salt": ""}, "/salt", "string_too_short"),
        ({"status": "running"}, "/status", "extra_forbidden"),
    ],
)
async def test_a_draft_that_cannot_be_is_refused(
    house: House, more: dict[str, Any], pointer: str, code: str
) -> None:
    assert told(await house.call("POST", PATH, json=DRAFT | more)) == [(pointer, code)]
    assert (await house.read(PATH))["data"] == []


@pytest.mark.parametrize(
    ("change", "pointer", "code"),
    [
        ({"weights": {"usual": 5001}}, "/weights", "weights_too_large"),
        ({"weights": {"loud": 1}}, "/weights/loud", "unknown_arm"),
        ({"weights": {}}, "/weights", "too_short"),
        ({"weights": None}, "/weights", "dict_type"),
        ({"status": "over"}, "/status", "enum"),
        ({"arms": []}, "/arms", "extra_forbidden"),
        ({"salt": "other"}, "/salt", "extra_forbidden"),
    ],
)
async def test_a_change_that_cannot_be_is_refused(
    house: House, change: dict[str, Any], pointer: str, code: str
) -> None:
    made = await house.made(PATH, DRAFT)
    own = f"{PATH}/{made['id']}"
    assert told(await house.call("PATCH", own, json=change)) == [(pointer, code)]
    assert await house.read(own) == made


async def test_an_arm_that_stands_twice_in_a_change_is_refused(house: House) -> None:
    made = await house.made(PATH, DRAFT)
    response = await house.call(
        "PATCH",
        f"{PATH}/{made['id']}",
        content=b'{"weights": {"usual": 1, "usual": 2}}',
        headers={"content-type": "application/json"},
    )
    assert (response.status_code, response.json()["code"]) == (400, "malformed_json")


async def test_merchants_and_other_shops_have_no_part_in_it(house: House) -> None:
    made = await house.made(PATH, DRAFT)
    own = f"{PATH}/{made['id']}"
    calls: list[tuple[str, str, Any]] = [
        ("POST", PATH, DRAFT),
        ("GET", PATH, None),
        ("GET", own, None),
        ("PATCH", own, START),
    ]
    for method, path, body in calls:
        for key in (house.shop.merchant, house.shop.merchant_admin, house.shop.reporter):
            refused = await house.call(method, path, key=key, json=body)
            assert refused.status_code == 403
    for method, path, body in calls[2:]:
        response = await house.call(method, path, key=house.other.admin, json=body)
        assert response.status_code == 404
    assert (await house.read(own))["status"] == "draft"
