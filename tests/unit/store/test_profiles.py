from __future__ import annotations

from dataclasses import replace
from time import time
from typing import TYPE_CHECKING, Any

import orjson
from redis.asyncio import Redis
from sqlalchemy import text

from service.contract.history import EMPTY_HISTORY, History
from service.decision.terms import Product
from service.store.catalogue import put_products
from service.store.events import add_decisions, add_events
from service.store.limits import with_caps
from service.store.profiles import (
    CapReached,
    StoredProfile,
    decode_limits,
    decode_profile,
    decode_seen,
    encode_profile,
    forget,
    profile_key,
    write_profiles,
)
from service.store.shoppers import recent_actions
from tests.unit.store.made import LAMP, RUG, campaign, click, fill

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection

    from service.store.events import Event

PROFILE = StoredProfile(
    feature_words=(("wool", 90.0), ("brass", 40.0)),
    titles=(("Wool rug", 50.0),),
    queries=(("rug", 100.0),),
    hidden=("ad_9",),
)


def test_a_profile_is_read_with_ages() -> None:
    history, hidden = decode_profile(encode_profile(PROFILE), now=95.0)
    # the query is 5 s in the future of this clock: its age is 0, not negative
    assert history == History(
        (("wool", 5.0), ("brass", 55.0)), (("Wool rug", 45.0),), (("rug", 0.0),)
    )
    assert hidden == {"ad_9"}


def test_no_profile_is_an_empty_history() -> None:
    assert decode_profile(None, now=0.0) == (EMPTY_HISTORY, frozenset())


def test_a_profile_keeps_the_newest_of_each_kind() -> None:
    words = tuple((f"word {n}", 1_000.0 - n) for n in range(120))
    long = StoredProfile(words, words, words)
    history, _ = decode_profile(encode_profile(long), now=1_000.0)
    sizes = [len(history.feature_words), len(history.titles), len(history.queries)]
    assert sizes == [50, 100, 20]
    assert history.feature_words[0] == ("word 0", 0.0)


def test_a_profile_counts_the_phrases_seen_within_bounds() -> None:
    many = tuple((f"phrase {n:03}", n) for n in range(1, 100))
    seen = decode_seen(encode_profile(StoredProfile(seen=many)))
    assert len(seen) == 64  # those seen most
    assert (seen["phrase 099"], seen["phrase 036"]) == (15, 15)
    assert "phrase 035" not in seen
    assert decode_seen(None) == {}
    older = orjson.loads(encode_profile(PROFILE))  # knew nothing of them
    assert "s" not in older
    assert decode_seen(orjson.dumps(older)) == {}


def test_limits_end_by_themselves_and_the_newest_64_are_kept() -> None:
    caps = tuple(CapReached(f"cmp_{n}", 1_000.0 - n, 3, 60) for n in range(70))
    bought = tuple((f"p{n}", 1_000.0 - n) for n in range(70))
    raw = encode_profile(replace(PROFILE, capped=caps, bought=bought))
    products, campaigns = decode_limits(raw, now=990.0)
    assert products == {f"p{n}" for n in range(10)}  # until 991, but no longer until 990
    assert campaigns == {f"cmp_{n}": (3, 60) for n in range(10)}
    products, campaigns = decode_limits(raw, now=0.0)
    assert (len(products), len(campaigns)) == (64, 64)
    assert "p63" in products
    assert "cmp_63" in campaigns
    assert decode_limits(raw, now=2_000.0) == (frozenset(), {})


def test_profiles_of_other_versions_are_read() -> None:
    older = encode_profile(PROFILE)  # knew of no limits
    assert set(orjson.loads(older)) == {"h", "w", "wt", "t", "tt", "q", "qt"}
    assert decode_limits(older, now=0.0) == (frozenset(), {})
    assert decode_limits(None, now=0.0) == (frozenset(), {})
    newer = orjson.loads(encode_profile(replace(PROFILE, bought=(("p1", 9.0),))))
    assert decode_profile(orjson.dumps(newer | {"z": 1}), now=95.0)[1] == {"ad_9"}


async def test_impressions_count_against_caps_and_orders_as_bought(
    connection: AsyncConnection,
) -> None:
    await fill(connection, campaign(), campaign("cmp_2"))
    await connection.execute(text("UPDATE campaigns SET cap_impressions = 3, cap_seconds = 3600"
                                  " WHERE id = 'cmp_1'"))  # fmt: skip
    now = time()

    def seen(number: int, ago: float, **other: Any) -> Event:
        made = click(number, user_id="u1", ts=now - ago, type="impression")
        return replace(made, **other)

    def order(user_id: str, product_id: str, days: float, **other: Any) -> Event:
        key = f"{user_id}{product_id}{days}"
        made = click(0, None, type="conversion", user_id=user_id, ts=now - days * 86_400,
                     event_key=key, order_id=key, line="1", product_id=product_id)  # fmt: skip
        return replace(made, **other)

    shown = [seen(1, 3_500), seen(2, 1_000), seen(3, 10), seen(4, 3_700)]  # the last too long ago
    others = [
        *[seen(10 + n, 10, campaign_id="cmp_2") for n in range(9)],  # no cap
        seen(20, 10, user_id="u2"), seen(21, 9, user_id="u2"),  # two are not three
        seen(22, 8, user_id="u2", invalid_reason="bot", event_key="k"),
        order("u1", "p1", 29.0), order("u1", "p2", 31.0), order("u2", "p1", 1.0),
    ]  # fmt: skip
    await add_events(connection, [*shown, *others])
    found = await recent_actions(connection, "sto_1", ["u1", "u2"])
    [reached] = found["u1"].capped
    assert (reached.campaign_id, reached.impressions, reached.seconds) == ("cmp_1", 3, 3_600)
    assert abs(reached.until - (now - 3_500 + 3_600)) < 0.001  # when the oldest of three is out
    [(product_id, until)] = found["u1"].bought
    assert product_id == "p1"
    assert abs(until - (now + 86_400)) < 0.001
    assert found["u2"].capped == ()
    assert [product_id for product_id, _ in found["u2"].bought] == ["p1"]
    assert await with_caps(connection, ["cmp_1", "cmp_2"]) == {"cmp_1"}


async def test_phrases_seen_are_counted_on_the_newest_pages(connection: AsyncConnection) -> None:
    await fill(connection)
    now = time()

    def page(number: int, user_id: str | None, ts: float, *phrases: str) -> dict[str, object]:
        chosen = [{"id": "sp_1", "text": phrase} for phrase in phrases]
        return {
            "request_id": f"req_{number}",
            "store_id": "sto_1",
            "ts": ts,
            "request": {"user_id": user_id},
            "awards": [{"chosen": chosen}, {"chosen": []}],
        }

    pages = [page(n, "u1", now - 60 * n, "wool", *(["oak"] if n == 3 else [])) for n in range(25)]
    pages += [page(30, "u2", now, "brass"), page(31, None, now, "brass")]
    pages += [page(32, "u2", now - 31 * 86_400, "brass")]
    await add_decisions(connection, pages)
    found = await recent_actions(connection, "sto_1", ["u1", "u2", "u3"])
    assert found["u1"].seen == (("oak", 1), ("wool", 20))  # of 25 pages the newest 20
    assert found["u2"].seen == (("brass", 1),)  # an older month is forgotten
    assert found["u3"] == StoredProfile()


async def test_profiles_are_written_with_an_end_and_forgotten(redis_url: str) -> None:
    async with Redis.from_url(redis_url) as redis:
        await write_profiles(redis, "sto_1", {})
        await write_profiles(redis, "sto_1", {"u1": PROFILE, "u2": PROFILE})
        assert await redis.get(profile_key("sto_1", "u1")) == encode_profile(PROFILE)
        assert 7_775_000 < await redis.ttl(profile_key("sto_1", "u1")) <= 7_776_000  # 90 days
        await write_profiles(redis, "sto_1", {"u1": StoredProfile()})
        assert await redis.get(profile_key("sto_1", "u1")) is None
        await forget(redis, "sto_1", "u2")
        assert await redis.keys("*") == []


async def test_a_profile_is_what_the_events_say(connection: AsyncConnection) -> None:
    await fill(connection)
    word = click(
        1, type="feature_word", action="clicked", feature_word="brass", user_id="u1", ts=50.0
    )
    await add_events(
        connection,
        [
            word,
            replace(word, event_key="later", ts=60.0, feature_word="wool"),
            replace(word, event_key="shown", action="shown", feature_word="not clicked"),
            replace(word, event_key="bot", invalid_reason="bot", feature_word="not valid"),
            replace(word, event_key="other", user_id="u2", feature_word="not hers"),
            replace(word, event_key="store", store_id="sto_2", feature_word="not here"),
            click(2, user_id="u1", ts=70.0, product_id=RUG.product_id),
            click(3, user_id="u1", ts=71.0, product_id="gone"),
            click(4, user_id="u1", ts=72.0, type="hide", ad_id="ad_7"),
            replace(word, type="search", event_key="s", query="lamp", ts=80.0),
        ],
    )
    found = await recent_actions(connection, "sto_1", ["u1", "nobody"])
    assert found == {
        "u1": StoredProfile(
            (("wool", 60.0), ("brass", 50.0)), (("Wool rug", 70.0),), (("lamp", 80.0),), ("ad_7",)
        ),
        "nobody": StoredProfile(),
    }


async def test_a_profile_has_the_newest_hundred_of_many(connection: AsyncConnection) -> None:
    await fill(connection)
    many = [Product(f"p{n}", f"Title {n}", "/p", LAMP.price) for n in range(120)]
    await put_products(connection, "sto_1", many)
    clicks = [
        click(n, user_id="u1", ts=1_000.0 + n, product_id=f"p{n}", event_key=f"k{n}")
        for n in range(120)
    ]
    await add_events(connection, clicks)
    titles = (await recent_actions(connection, "sto_1", ["u1"]))["u1"].titles
    assert titles == tuple((f"Title {n}", 1_000.0 + n) for n in range(119, 19, -1))
