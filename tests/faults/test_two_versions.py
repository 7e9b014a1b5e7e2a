"""A version and the one before it side by side, and back: each reads what the other wrote."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import psycopg
import pytest
from redis import Redis

from tests.faults.two_versions import (
    PARTS,
    Shop,
    Version,
    change,
    previous_version,
    told_keys,
    unpack,
    within,
)
from tests.running_shop import CHECKOUT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from service.store.embedded.stores import EmbeddedStores

STORED_SECONDS = 30.0


@pytest.fixture
def environment(
    stores: EmbeddedStores, redis_url: str, tmp_path: Path
) -> Iterator[dict[str, str]]:
    """Stores without anything in them, and a state folder."""
    (tmp_path / "state").mkdir()
    with Redis.from_url(redis_url) as redis:
        redis.flushdb()
    with psycopg.connect(stores.postgres.url("postgres"), autocommit=True) as connection:
        connection.execute("CREATE DATABASE two_versions")
        yield {
            "DATABASE_URL": stores.postgres.url("two_versions"),
            "REDIS_URL": redis_url,
            "SALIENT_STATE": str(tmp_path / "state"),
        }
        connection.execute("DROP DATABASE two_versions WITH (FORCE)")


@pytest.fixture
def old(environment: dict[str, str], tmp_path: Path) -> Iterator[Version]:
    """The version before, whose tables and made-up shop are there."""
    if not (name := previous_version()):
        pytest.skip("the history holds no earlier version: a shallow clone, or no clone")
    made = Version(unpack(name, tmp_path / "old"), environment)
    made.run("demo", "seed")
    yield made
    made.end()


@pytest.fixture
def new(environment: dict[str, str], tmp_path: Path) -> Iterator[Version]:
    """This version, in a folder of its own."""
    for part in PARTS:
        shutil.copytree(CHECKOUT / part, tmp_path / "new" / part)
    made = Version(tmp_path / "new", environment)
    yield made
    made.end()


@pytest.fixture
def shop(old: Version, tmp_path: Path) -> Shop:
    return Shop(old.environment, told_keys(tmp_path / "state"))


def upgrade(old: Version, new: Version, shop: Shop) -> list[dict[str, object]]:
    """The new tables, then the worker, then an API beside the old one; ads made before that."""
    old.start("worker", "serve")
    before = shop.ads(old, "ada")
    new.run("migrate")
    shop.use(old, shop.ads(old, "ada"), "ada")  # the old version on the new tables
    old.stop("worker")
    new.start("worker", "serve")
    return before


def go_through(old: Version, new: Version, shop: Shop, *, rounds: int) -> None:
    """Pages that one version makes are used on the other, both ways."""
    for number in range(rounds):
        for maker, taker in ((old, new), (new, old), (old, old), (new, new)):
            user = f"user-{number}"
            shop.use(taker, shop.ads(maker, user), user)


def go_back(old: Version, new: Version, shop: Shop) -> None:
    """The old worker reads what the new API wrote; the old API takes the new one's ads."""
    new.stop("worker")
    left = shop.ads(new, "ada")
    shop.use(new, shop.ads(new, "ada"), "ada")
    new.stop("serve")
    old.start("worker")
    shop.use(old, left, "ada")


def test_versions_side_by_side_and_back_read_each_other(
    old: Version, new: Version, shop: Shop
) -> None:
    before = upgrade(old, new, shop)
    shop.use(new, before, "ada")  # an ad of the old version, clicked on the new one
    go_through(old, new, shop, rounds=3)
    assert within(STORED_SECONDS, shop.all_stored), (shop.sent, shop.stored())
    go_back(old, new, shop)
    assert within(STORED_SECONDS, shop.all_stored), (shop.sent, shop.stored())
    assert shop.refused == []
    assert "no_profile" not in shop.degraded
    assert shop.counted("SELECT count(*) FROM dead_letters") == 0
    assert shop.counted("SELECT count(*) FROM charges") == len(shop.sent["click"])


@pytest.mark.slow
def test_an_old_version_starts_where_a_new_one_has_been(
    old: Version, new: Version, shop: Shop
) -> None:
    new.run("migrate")
    new.start("worker", "serve")
    left = shop.ads(new, "ada")
    shop.use(new, left, "ada")
    new.stop("serve", "worker")
    old.start("worker", "serve")
    for _ in range(5):
        shop.use(old, shop.ads(old, "ada"), "ada")
    assert within(STORED_SECONDS, shop.all_stored), (shop.sent, shop.stored())
    assert shop.refused == []
    assert shop.counted("SELECT count(*) FROM dead_letters") == 0


@pytest.mark.slow
def test_mutant_with_another_token_is_caught(old: Version, new: Version, shop: Shop) -> None:
    change(new.checkout, "service/api/tokens.py", "VERSION = 1\n", "VERSION = 2\n")
    upgrade(old, new, shop)
    go_through(old, new, shop, rounds=1)
    # each of the two crossings: impressions and the click
    assert len([line for line in shop.refused if line.startswith("/c/")]) == 2


@pytest.mark.slow
def test_mutant_with_another_name_in_its_events_is_caught(
    old: Version, new: Version, shop: Shop
) -> None:
    file = "service/store/events.py"
    change(
        new.checkout,
        file,
        "    return orjson.dumps(event)\n",
        "    return orjson.dumps(event).replace(b'\"event_key\":', b'\"key_of_event\":')\n",
    )
    change(
        new.checkout,
        file,
        "    if not isinstance(content, dict):\n",
        '    if isinstance(content, dict) and "key_of_event" in content:\n'
        '        content["event_key"] = content.pop("key_of_event")\n'
        "    if not isinstance(content, dict):\n",
    )
    upgrade(old, new, shop)
    go_through(old, new, shop, rounds=1)
    assert within(STORED_SECONDS, shop.all_stored)  # the new worker reads both
    go_back(old, new, shop)
    assert not within(5, shop.all_stored)
