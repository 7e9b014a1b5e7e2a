from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from service.decision.terms import Ad, KeyKind, Keyword, MatchType, Micros
from service.errors import BadInputError, UnknownStoreError
from service.store.campaigns import put_ads, put_advertisers, put_campaigns
from service.store.catalogue import (
    catalogue_version,
    count_products,
    delete_products,
    get_products,
    list_products,
    list_stores,
    load_catalogue,
    put_products,
    put_store,
)
from service.store.keys import create_key, list_keys, revoke_key
from tests.unit.store.made import LAMP, OTHER, RUG, STORE, campaign, fill

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine


async def test_what_is_put_is_loaded(connection: AsyncConnection) -> None:
    await fill(connection, campaign(starts_at=1_700_000_000.5, platforms=("web",)))
    key_id, plaintext = await create_key(
        connection, "sto_1", KeyKind.PUBLISHABLE, ["serve"], ["https://shop.example"]
    )
    loaded = await load_catalogue(connection, "sto_1")
    assert loaded.store == STORE
    assert list(loaded.products) == [LAMP, RUG]
    assert list(loaded.campaigns) == [campaign(starts_at=1_700_000_000.5, platforms=("web",))]
    assert list(loaded.ads) == [Ad("ad_1", "cmp_1", "100001")]
    assert [(p.name, p.slots, p.reserve) for p in loaded.placements] == [("search_top", 4, 10_000)]
    assert [(k.key_id, k.kind, k.scopes, k.origins) for k in loaded.keys] == [
        (key_id, KeyKind.PUBLISHABLE, ("serve",), ("https://shop.example",))
    ]
    assert plaintext.startswith("pk_")
    assert await list_stores(connection) == [STORE]


async def test_every_write_raises_the_version_and_an_equal_one_does_not(
    connection: AsyncConnection,
) -> None:
    await fill(connection)
    versions = [await catalogue_version(connection, "sto_1")]

    async def changed() -> bool:
        versions.append(await catalogue_version(connection, "sto_1"))
        return versions[-1] > versions[-2]

    assert await put_products(connection, "sto_1", [replace(LAMP, in_stock=False), RUG]) == 1
    assert await changed()
    assert await put_products(connection, "sto_1", [replace(LAMP, in_stock=False), RUG]) == 0
    assert not await changed()
    await put_campaigns(connection, "sto_1", [campaign(bid=Micros(1))])
    assert await changed()
    await put_campaigns(connection, "sto_1", [campaign(bid=Micros(1))])
    assert not await changed()
    only = campaign(bid=Micros(1), keywords=(Keyword("lamp", MatchType.EXACT),))
    await put_campaigns(connection, "sto_1", [only])
    assert await changed()
    assert list((await load_catalogue(connection, "sto_1")).campaigns) == [only]
    await put_ads(connection, "sto_1", [Ad("ad_1", "cmp_1", "100001", Micros(7), active=False)])
    assert await changed()
    key_id, _ = await create_key(connection, "sto_1", "secret", ["admin"])
    assert await changed()
    assert await revoke_key(connection, "sto_1", key_id)
    assert not await revoke_key(connection, "sto_1", key_id)
    assert await changed()
    assert await list_keys(connection, "sto_1") == []
    await put_store(connection, replace(STORE, name="New name"))
    assert await changed()
    assert await delete_products(connection, "sto_1", ["100001", "none"]) == 1
    assert await changed()
    assert list((await load_catalogue(connection, "sto_1")).ads) == []


async def test_products_come_in_pages(connection: AsyncConnection) -> None:
    await fill(connection)
    assert await list_products(connection, "sto_1", limit=1) == [LAMP]
    assert await list_products(connection, "sto_1", after="100001") == [RUG]
    assert await get_products(connection, "sto_1", ["100002", "9"]) == {"100002": RUG}
    assert await count_products(connection, "sto_1") == 2


async def test_of_two_lines_with_one_id_the_later_counts(connection: AsyncConnection) -> None:
    await fill(connection)
    assert await put_products(connection, "sto_1", [RUG, replace(RUG, title="Rug")]) == 1
    assert (await get_products(connection, "sto_1", ["100002"]))["100002"].title == "Rug"


async def test_nothing_is_put_for_nothing(connection: AsyncConnection) -> None:
    await fill(connection)
    assert await put_products(connection, "sto_1", []) == 0
    assert await put_campaigns(connection, "sto_1", []) == 0
    assert await put_ads(connection, "sto_1", []) == 0


async def test_a_store_cannot_write_what_another_owns(connection: AsyncConnection) -> None:
    await fill(connection)
    await put_store(connection, OTHER)
    with pytest.raises(BadInputError, match="another store"):
        await put_advertisers(connection, "sto_2", [("adv_1", "Mine now")])
    with pytest.raises(BadInputError, match="another store"):
        await put_campaigns(connection, "sto_2", [campaign()])
    with pytest.raises(BadInputError, match="no advertisers"):
        await put_campaigns(connection, "sto_2", [campaign("cmp_9")])
    with pytest.raises(BadInputError, match="another store"):
        await put_ads(connection, "sto_2", [Ad("ad_1", "cmp_1", "100001")])
    with pytest.raises(BadInputError, match="no campaigns"):
        await put_ads(connection, "sto_2", [Ad("ad_9", "cmp_1", "100001")])
    with pytest.raises(BadInputError, match="no products"):
        await put_ads(connection, "sto_1", [Ad("ad_9", "cmp_1", "nothing")])


async def test_an_unknown_store_has_no_catalogue(connection: AsyncConnection) -> None:
    with pytest.raises(UnknownStoreError, match="sto_none"):
        await load_catalogue(connection, "sto_none")


@pytest.mark.parametrize(
    ("kind", "scopes"), [("publishable", ["manage"]), ("secret", ["everything"]), ("secret", [])]
)
async def test_a_key_has_only_scopes_of_its_kind(
    connection: AsyncConnection, kind: str, scopes: list[str]
) -> None:
    with pytest.raises(BadInputError, match="scopes"):
        await create_key(connection, "sto_1", kind, scopes)


@pytest.mark.parametrize("origin", ["shop.example", "https://shop.example/path", "null", ""])
async def test_an_origin_that_no_browser_sends_is_refused(
    connection: AsyncConnection, origin: str
) -> None:
    with pytest.raises(BadInputError, match="an origin is like"):
        await create_key(connection, "sto_1", "publishable", ["serve"], [origin])


async def test_a_key_is_of_a_known_kind_and_advertiser(connection: AsyncConnection) -> None:
    with pytest.raises(BadInputError, match="publishable or secret, not 'open'"):
        await create_key(connection, "sto_1", "open", ["serve"])
    with pytest.raises(BadInputError, match="no advertiser 'adv_x'"):
        await create_key(connection, "sto_1", "secret", ["serve"], advertiser_id="adv_x")


async def test_two_imports_at_once_do_not_block_each_other_for_good(engine: AsyncEngine) -> None:
    async with engine.begin() as connection:
        await fill(connection)
    many = [replace(LAMP, product_id=f"{n:05}") for n in range(500)]

    async def put(title: str, *, backwards: bool) -> None:
        batch = [replace(product, title=title) for product in many]
        for _ in range(5):
            async with engine.begin() as connection:
                await put_products(connection, "sto_1", batch[::-1] if backwards else batch)
                await put_campaigns(connection, "sto_1", [campaign(name=title)])

    await asyncio.gather(put("one", backwards=False), put("two", backwards=True))
