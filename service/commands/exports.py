"""Write the training set from the command line."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from service.errors import BadInputError
from service.store.postgres import open_engine
from service.worker.export import export_training_set

if TYPE_CHECKING:
    from pathlib import Path


async def run_export(
    database_url: str, out: Path, store_id: str | None, until: str | None = None
) -> str:
    """Export a store's training set to `out`, as known at `until`; returns what there is to say.

    Raises: BadInputError where `until` is neither Unix seconds nor RFC 3339 with a zone.
    """
    moment = None if until is None else _moment(until)
    engine = open_engine(database_url)
    try:
        done = await export_training_set(engine, out, store_id=store_id, until=moment)
    finally:
        await engine.dispose()
    left = ", ".join(f"{why} {count:,}" for why, count in done.left_out.items() if count)
    rows = f"{done.facets:,} facet rows, {done.clicks:,} ad rows, {done.items:,} items in {out}"
    return f"{rows}; left out: {left}" if left else rows


def _moment(given: str) -> float:
    try:
        return float(given)
    except ValueError:
        pass
    try:
        moment = datetime.fromisoformat(given)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise BadInputError(
            f"not a time: {given!r}; give Unix seconds, or 2026-01-31T09:00:00Z with its zone"
        )
    return moment.timestamp()
