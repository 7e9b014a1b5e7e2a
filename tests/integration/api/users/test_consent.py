"""What shoppers may ask of a shop: consent, and a copy of what is held. On real stores."""

from __future__ import annotations

from time import time
from typing import TYPE_CHECKING

from service.store.profiles import WITHDRAWN, profile_key
from service.worker.raw_log import read_log
from tests.integration.api.conftest import BROWSER, within
from tests.integration.api.users.shopper import AT, WHO, act, call, click, consent, export

if TYPE_CHECKING:
    from redis.asyncio import Redis

    from tests.integration.api.conftest import Service
    from tests.integration.api.users.shopper import Settled


async def test_everything_held_is_exported_in_pages(service: Service, settled: Settled) -> None:
    assert await export(service) == {
        "id": WHO, "consent": None, "profile": None, "data": [], "next": None
    }  # fmt: skip
    await act(service, "a")
    await settled()
    await consent(service, True)
    whole = await export(service)
    assert whole["consent"]["consent"] is True
    assert [one["text"] for one in whole["profile"]["feature_words"]] == ["oak base"]
    assert [one["text"] for one in whole["profile"]["queries"]] == ["lamp"]
    assert len(whole["profile"]["clicked_products"]) == 1
    assert all(count > 0 for count in whole["profile"]["selling_points_seen"].values())
    kinds = sorted(record["content"].get("type", "decision") for record in whole["data"])
    assert kinds == [
        "add_to_cart", "click", "conversion", "decision", "feature_word", "impression", "search"
    ]  # fmt: skip
    times = [record["at"] for record in whole["data"]]
    assert times == sorted(times)

    paged, cursor = [], ""
    while cursor is not None:
        page = await export(service, f"?limit=2&cursor={cursor}" if cursor else "?limit=2")
        assert len(page["data"]) <= 2
        paged += page["data"]
        cursor = page["next"]
    assert paged == whole["data"]
    bad = await call(service, "GET", f"/v1/users/{AT}?cursor=YWR2")
    assert (bad.status_code, bad.json()["errors"][0]["pointer"]) == (422, "/query/cursor")


async def test_after_consent_is_withdrawn_nothing_is_read_or_kept(
    service: Service, store: Redis, settled: Settled
) -> None:
    before = await act(service, "a")
    await settled()
    key = profile_key(service.shop.store.store_id, WHO)
    assert b"oak base" in (await store.get(key) or b"")
    held = len((await export(service))["data"])

    await consent(service, False)
    assert await store.get(key) == WITHDRAWN  # with the answer, not some time after it
    assert (await export(service))["profile"] is None
    after = await act(service, "b")
    assert (await click(service, before["ads"][1])).status_code == 302  # signed with consent
    await settled()
    assert await store.get(key) == WITHDRAWN
    assert len((await export(service))["data"]) == held
    rows = await service.rows(
        "SELECT payload #>> '{request,user_id}', payload #>> '{request,session}',"
        " payload #> '{request,profile}' = 'null' FROM decisions"
        " WHERE request_id = :it", it=after["request_id"]
    )  # fmt: skip
    assert rows == [(None, None, True)]
    told = await service.rows(
        "SELECT count(*), count(user_id), count(session) FROM events"
        " WHERE event_key LIKE 'b-%' OR event_key LIKE 'erased_%'"
    )
    assert told == [(4, 0, 0)]  # counted, and nobody's
    # even the token of an answer names nobody any more
    token = service.state.signer.read(after["ads"][0]["click_url"].rpartition("/")[2])
    assert token.user_id is None

    await consent(service, True)
    assert b"oak base" in (await store.get(key) or b"")
    again = await act(service, "c")
    await settled()
    assert service.state.signer.read(
        again["ads"][0]["click_url"].rpartition("/")[2]
    ).user_id == WHO  # fmt: skip
    assert len((await export(service))["data"]) > held


async def test_consent_that_was_withdrawn_survives_an_emptied_redis(
    service: Service, store: Redis, settled: Settled
) -> None:
    await act(service, "a")
    await settled()
    await consent(service, False)
    await store.flushdb()
    key = profile_key(service.shop.store.store_id, WHO)

    async def rebuilt() -> bool:
        return await store.get(key) is not None

    await within(10, rebuilt)
    assert await store.get(key) == WITHDRAWN


async def test_consent_needs_redis_and_says_so(service: Service) -> None:
    service.state.redis = None
    answer = await call(service, "PUT", f"/v1/users/{AT}/consent", json={"consent": False})
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
    assert await service.rows("SELECT FROM shoppers WHERE user_id = :it", it=WHO) == []


async def test_training_learns_nothing_of_who_withdrew_consent(
    service: Service, settled: Settled
) -> None:
    await act(service, "a")
    await settled()

    async def logged() -> tuple[int, int]:
        async with service.engine.connect() as connection:
            log = await read_log(connection, service.shop.store.store_id, until=time() + 60)
        return log.awards.height, log.events.height

    awards, events = await logged()
    assert (awards > 0, events) == (True, 4)  # word, impression, click, order
    await consent(service, False)
    assert await logged() == (0, 0)
    await consent(service, True)
    assert await logged() == (awards, events)


async def test_merchants_and_other_shops_learn_nothing_of_shoppers(
    service: Service, settled: Settled
) -> None:
    await act(service, "a")
    await settled()
    other = {"authorization": f"Bearer {service.other.secret}", "user-agent": BROWSER}
    shown = await service.client.get(f"/v1/users/{AT}", headers=other)
    assert (shown.json()["data"], shown.json()["profile"]) == ([], None)
    gone = await service.client.delete(f"/v1/users/{AT}", headers=other)
    assert gone.status_code == 202  # of that shop's own shopper of the same name
    await within(20, lambda: service.rows("SELECT FROM jobs WHERE status = 'done'"))
    assert len((await export(service))["data"]) == 7


async def test_the_audit_log_names_no_shopper(service: Service) -> None:
    await consent(service, False)
    await consent(service, True)
    rows = await service.rows(
        "SELECT resource_id, action, before ->> 'consent', after ->> 'consent' FROM audit_log"
        " WHERE resource = 'user' ORDER BY id"
    )
    assert [row[1:] for row in rows] == [("consent", None, "false"), ("consent", "false", "true")]
    assert len({row[0] for row in rows}) == 1
    assert WHO not in rows[0][0]
