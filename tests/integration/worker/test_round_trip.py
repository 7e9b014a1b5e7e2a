from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest

from service.decision.scorers import Scorers
from service.errors import BadInputError, UnknownPlacementError
from service.worker.bundles import Bundles
from service.worker.export import ITEMS, export_training_set
from service.worker.layouts import CLICKS, FACETS
from service.worker.loading import load
from service.worker.replay import differences, replay, snapshot_of
from tests.integration.worker.house import open_house
from tests.integration.worker.shop import eventually, open_shop

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from sqlalchemy.ext.asyncio import AsyncEngine

    from tests.integration.worker.house import House


@pytest.fixture
async def house(
    engine: AsyncEngine, database_url: str, redis_url: str, tmp_path: Path
) -> AsyncIterator[House]:
    store, _ = await open_shop(engine, size=40)
    urls = (database_url, redis_url)
    async with open_house(engine, urls, store, tmp_path, tmp_path / "models") as opened:
        yield opened


def words_known(record: dict[str, Any]) -> list[str]:
    profile = record["request"]["profile"]
    return [] if profile is None else list(profile["w"])


async def test_a_click_on_a_feature_word_is_in_the_next_answer_within_a_second(
    house: House,
) -> None:
    await house.chip("oak base", "clicked", user="ann")
    started = time.monotonic()

    async def known() -> bool:
        await house.ads("lamp", "ann")
        records = await house.records()
        return bool(records) and words_known(records[-1]) == ["oak base"]

    await eventually(known, seconds=1)
    assert time.monotonic() - started < 1


async def test_a_click_on_an_ad_brings_its_original_title_into_the_next_answer(
    house: House,
) -> None:
    page = await house.ads("lamp", "bob")
    await house.click(page["ads"][0])

    async def known() -> bool:
        await house.ads("lamp", "bob")
        records = await house.records()
        profile = records[-1]["request"]["profile"] if records else None
        return profile is not None and profile["t"] == [page["ads"][0]["title"]["original"]]

    await eventually(known, seconds=1)


async def test_without_consent_no_answer_knows_anything(house: House) -> None:
    await house.chip("oak base", "clicked", user="ann", consent=False)
    await house.settled(events=1, decisions=0)
    await house.ads("lamp", "ann", consent=False)
    await house.ads("lamp", "ann", consent=True)
    await house.settled(events=1, decisions=2)
    records = await house.records()
    assert [record["request"]["user_id"] for record in records] == [None, "ann"]
    assert [words_known(record) for record in records] == [[], []]


async def test_every_recorded_decision_can_be_replayed(house: House) -> None:
    await house.chip("oak base", "clicked", user="ann")
    await house.settled(events=1, decisions=0)
    for query in ("lamp", "oak lamp", "table lamp", "nothing of the kind"):
        await house.ads(query, "ann")
        await house.ads(query, "bob", consent=False)
    await house.settled(events=1, decisions=8)
    records = await house.records()
    for record in records:
        live = load(snapshot_of(record, state=house.state), Bundles(house.models))
        assert differences(record, replay(record, live.snapshot, live.scorers)) == []
    assert sum(len(record["awards"]) for record in records) >= 24


async def test_a_decision_by_models_can_be_replayed(
    engine: AsyncEngine, database_url: str, redis_url: str, tmp_path: Path, models: Path
) -> None:
    store, _ = await open_shop(engine, size=40)
    async with open_house(engine, (database_url, redis_url), store, tmp_path, models) as house:
        for word in ("oak base", "brass base"):
            await house.chip(word, "clicked", user="ann")
        await house.settled(events=2, decisions=0)
        await house.click((await house.ads("lamp", "ann"))["ads"][0])
        await house.settled(events=3, decisions=1)
        await house.ads("oak lamp", "ann")
        await house.settled(events=3, decisions=2)
        records = await house.records()
        bundles = Bundles(models)
        for record in records:
            live = load(snapshot_of(record, state=tmp_path), bundles)
            assert differences(record, replay(record, live.snapshot, live.scorers)) == []
        assert [len(record["models"]) for record in records] == [2, 2]
        assert words_known(records[1]) == ["brass base", "oak base"]
        # and the replay is one of those models: without them it comes out otherwise
        plain = replay(records[1], live.snapshot, Scorers())
        assert differences(records[1], plain) != []


async def test_a_replay_tells_what_differs(house: House) -> None:
    await house.ads("lamp", "ann")
    await house.settled(events=0, decisions=1)
    record = (await house.records())[0]
    live = load(snapshot_of(record, state=house.state), Bundles(house.models))
    dearer = record | {"awards": [award | {"price": 1} for award in record["awards"]]}
    found = differences(dearer, replay(record, live.snapshot, live.scorers))
    assert [line.partition(" was ")[0] for line in found] == [
        f"slot {slot}: price" for slot in range(4)
    ]
    fewer = record | {"awards": record["awards"][:1]}
    assert differences(fewer, replay(record, live.snapshot, live.scorers)) == [
        "1 awards were recorded, 4 came of the replay"
    ]
    elsewhere = record | {"request": record["request"] | {"placement": "nowhere"}}
    with pytest.raises(UnknownPlacementError):
        replay(elsewhere, live.snapshot, live.scorers)


async def shop_around(house: House) -> None:
    """Three shoppers search, see, click chips and ads, and buy; one of them without consent."""
    for user, consent in (("7", True), ("bob", True), ("eve", False)):
        for turn in range(3):
            await house.tell({"type": "search", "query": "lamp"}, user=user, consent=consent)
            await house.chip("oak base", "shown", user=user, consent=consent)
            await house.chip("brass base", "shown", user=user, consent=consent)
            page = await house.ads("lamp", user, consent=consent, device="mobile")
            await house.see(page)
            if turn != 1:
                await house.chip("oak base", "clicked", user=user, consent=consent)
            await house.click(page["ads"][turn])
            if turn == 2:
                bought = {"order_id": f"o-{user}", "line": 1, "quantity": 1, "value": 1}
                product = page["ads"][turn]["product_id"]
                await house.tell(
                    {"type": "conversion", "product_id": product, **bought},
                    user=user,
                    consent=consent,
                )
    # per shopper: 3 searches, 6 chips shown, 2 clicked, 12 impressions, 3 clicks, 1 purchase
    await house.settled(events=81, decisions=9)


async def test_the_export_has_the_layouts_and_the_labels(house: House, tmp_path: Path) -> None:
    await shop_around(house)
    out = tmp_path / "export"
    exported = await export_training_set(house.engine, out, store_id=house.store.store_id)
    facets, clicks, items, names = (
        pl.read_parquet(out / f"{name}.parquet")
        for name in ("facets", "clicks", "items", "products")
    )
    assert (facets.schema, clicks.schema, items.schema) == (FACETS, CLICKS, ITEMS)
    assert (exported.facets, exported.clicks, exported.items) == (12, 24, 40)
    assert (facets.height, clicks.height, items.height) == (12, 24, 40)
    assert set(clicks["user_id"]) == set(facets["user_id"]) == {7, 8}  # 8 is bob; not eve
    assert clicks.filter(pl.col("click") == 1)["slot"].to_list() == [1, 2, 3] * 2
    assert clicks.filter(pl.col("conversion") == 1)["slot"].to_list() == [3, 3]
    assert clicks["mobile"].unique().to_list() == [1]
    assert facets.filter(pl.col("click") == 1)["sf_keyword"].to_list() == ["oak base"] * 4
    assert set(clicks["product_uid"]) <= set(items["product_uid"]) == set(names["product_uid"])
    oak = items.filter(pl.col("product_uid") == 100_001).row(0, named=True)
    assert oak["title"] == "Table Lamp Oak Model 0"
    assert "oak base" in oak["sp_candidates"]


async def test_until_hides_what_was_not_known_yet(house: House, tmp_path: Path) -> None:
    page = await house.ads("lamp", "ann")
    await house.see(page)
    await house.settled(events=4, decisions=1)
    moment = time.time()
    await house.click(page["ads"][0])
    await house.settled(events=5, decisions=1)
    for until, clicked in ((moment, 0), (None, 1)):
        await export_training_set(
            house.engine, tmp_path, store_id=house.store.store_id, until=until
        )
        clicks = pl.read_parquet(tmp_path / "clicks.parquet")
        assert (clicks.height, clicks["click"].sum()) == (4, clicked)
    early = await export_training_set(
        house.engine, tmp_path, store_id=house.store.store_id, until=page_time(page) - 1
    )
    assert early.clicks == 0


def page_time(page: dict[str, Any]) -> float:
    """When the page was decided: the first 48 bits of its id, in milliseconds."""
    return int(page["request_id"][4:16], 16) / 1000


async def test_an_export_of_one_of_several_stores_must_name_it(
    house: House, engine: AsyncEngine, tmp_path: Path
) -> None:
    await open_shop(engine)
    with pytest.raises(BadInputError, match="name one of the"):
        await export_training_set(house.engine, tmp_path)
