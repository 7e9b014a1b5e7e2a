"""Write the training set from the command line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from service.store.postgres import open_engine
from service.worker.export import export_training_set

if TYPE_CHECKING:
    from pathlib import Path


async def run_export(database_url: str, out: Path, store_id: str | None) -> str:
    """Export a store's training set to `out`; returns what there is to say."""
    engine = open_engine(database_url)
    try:
        done = await export_training_set(engine, out, store_id=store_id)
    finally:
        await engine.dispose()
    left = ", ".join(f"{why} {count:,}" for why, count in done.left_out.items() if count)
    rows = f"{done.facets:,} facet rows, {done.clicks:,} ad rows, {done.items:,} items in {out}"
    return f"{rows}; left out: {left}" if left else rows
