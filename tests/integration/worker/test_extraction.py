"""From a shop's catalogue to a tagger, and from that to what the snapshot lets titles say."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

from service.decision.terms import Micros, Product
from service.store.catalogue import put_products
from service.store.snapshots import current_snapshot, map_snapshot
from service.worker.bundles import Bundles
from service.worker.export import export_training_set
from service.worker.refresh import Refresher, snapshots_folder
from tests.integration.worker.shop import open_shop
from training.extraction.run import train_extraction

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy.ext.asyncio import AsyncEngine

    from service.decision.snapshot import Snapshot

WOODS = ("Oak", "Pine", "Teak", "Ash")
LISTED = [
    Product(
        f"t{number}",
        f"Acme {number}cm {WOODS[number % 4]} Table",
        "/p",
        Micros(1),
        category="Tables",
        attributes={"wood": WOODS[number % 4]},
    )
    for number in range(20)
]
BARE = replace(LISTED[0], product_id="bare", title="Lumo 9cm Walnut Table", attributes={})


def said_of(product_id: str, snapshot: Snapshot) -> list[tuple[str, str]]:
    """Text and evidence of the product's selling points."""
    row, points = snapshot.products.ids.find(product_id), snapshot.points
    return [
        (snapshot.phrases.texts[int(points.phrase[at])], points.values[at])
        for at in range(points.starts[row], points.starts[row + 1])
    ]


async def test_a_shop_teaches_its_own_tagger(engine: AsyncEngine, tmp_path: Path) -> None:
    store, _ = await open_shop(engine)
    async with engine.begin() as connection:
        await put_products(connection, store.store_id, [*LISTED, BARE])
    await export_training_set(engine, tmp_path / "out", store_id=store.store_id)
    models = tmp_path / "models"
    refresher = Refresher(engine, tmp_path / "state", Bundles(models))

    async def rebuilt() -> Snapshot:
        await refresher.look()
        current = current_snapshot(snapshots_folder(tmp_path / "state") / store.store_id)
        assert current is not None
        return map_snapshot(current)

    assert said_of("bare", await rebuilt()) == []
    catalogue = tmp_path / "out" / "catalogue.parquet"
    await asyncio.to_thread(
        train_extraction, catalogue, models / "extraction" / "1", 0, lambda _: None
    )
    async with engine.begin() as connection:  # what changes brings the tagger in for all
        await put_products(connection, store.store_id, [replace(LISTED[1], title="Acme Table")])
    after = await rebuilt()
    refresher.close()
    assert said_of("bare", after) == [("Walnut", "Lumo 9cm Walnut Table")]
    assert said_of("t4", after) == [("Oak", "Oak")]
