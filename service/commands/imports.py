"""Read files into a store: products, campaigns, past events."""

from __future__ import annotations

import re
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from typing import TYPE_CHECKING, Final, TypeVar

from redis.asyncio import Redis
from sqlalchemy import text

from service.decision.links import is_safe
from service.decision.terms import Micros, Placement, Store
from service.errors import BadInputError
from service.store.campaigns import put_placements
from service.store.catalogue import list_stores, put_store
from service.store.events import add_decisions, add_events
from service.store.feeds.booking_intake import BookingIntake
from service.store.feeds.campaigns import made_id
from service.store.feeds.intake import ProductIntake, take
from service.store.feeds.past_events import past_batches, read_log
from service.store.feeds.report import Report
from service.store.feeds.rows import SUFFIXES, read_rows
from service.store.postgres import open_engine
from service.store.profiles import write_profiles
from service.store.shoppers import recent_actions

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterable, Iterator
    from pathlib import Path

    from sqlalchemy.ext.asyncio import AsyncConnection

    from service.store.embedded.stores import StoreUrls
    from service.store.feeds.intake import Intake

    Progress = Callable[[int], None]

_SHOPPERS: Final = 200
_MONTHS: Final = 120
_CURRENCY: Final = re.compile(r"[A-Za-z]{3}")
_LOCALE: Final = re.compile(r"[A-Za-z]{2,8}([-_][A-Za-z0-9]{1,8})*")

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class NewStore:
    """The store to make where an import names none.

    Raises: BadInputError for a value that no store can have.
    """

    name: str
    currency: str = "EUR"
    locale: str = "en"
    site_url: str = "http://127.0.0.1:8000"

    def __post_init__(self) -> None:
        """Refuse what would only fail later: prices without currency, ads without links."""
        if not self.name.strip():
            raise BadInputError("give the new store a name, such as --new-store 'My shop'")
        if not _CURRENCY.fullmatch(self.currency):
            raise BadInputError(f"a currency is three letters, such as EUR, not {self.currency!r}")
        if not _LOCALE.fullmatch(self.locale):
            raise BadInputError(f"a locale is like en or de-AT, not {self.locale!r}")
        if not is_safe(self.site_url):
            raise BadInputError(
                "a site's URL is like https://shop.example (http only on this machine),"
                f" not {self.site_url!r}"
            )


def require_file(path: Path) -> None:
    """See that there is a file to read.

    Raises: BadInputError.
    """
    if not path.exists():
        raise BadInputError(f"there is no file {str(path)!r}")
    if not path.is_file():
        raise BadInputError(f"{str(path)!r} is not a file; give one of {', '.join(SUFFIXES)}")


async def choose_store(
    connection: AsyncConnection, store_id: str | None, new: NewStore | None = None
) -> Store:
    """The store of that id, or the only one, or a new one with the placement `search_top`.

    Raises: BadInputError where the choice is not clear.
    """
    if new is not None:
        made = Store(
            made_id("sto", new.name), new.name, new.currency.upper(), new.locale, new.site_url
        )
        await put_store(connection, made)
        placement = Placement("search_top", "web", 4, Micros(10_000))
        await put_placements(connection, made.store_id, [placement])
        return made
    stores = {store.store_id: store for store in await list_stores(connection)}
    if store_id is None and len(stores) == 1:
        return next(iter(stores.values()))
    if store_id in stores:
        return stores[store_id]
    there = ", ".join(f"{key} ({store.name})" for key, store in stores.items()) or "none"
    raise BadInputError(f"name a store by --store, or make one by --new-store; there are: {there}")


async def import_products(
    urls: StoreUrls,
    path: Path,
    store_id: str | None = None,
    *,
    new: NewStore | None = None,
    dry_run: bool = False,
    progress: Progress = lambda _: None,
) -> Report:
    """Put the good lines of a catalogue file into a store, in one transaction."""
    async with _connected(urls) as connection:
        store = await choose_store(connection, store_id, new)
        report = await _import(connection, path, ProductIntake(store), progress)
        await _finish(connection, dry_run=dry_run or not report.good)
    return report


async def import_campaigns(
    urls: StoreUrls,
    path: Path,
    store_id: str | None = None,
    *,
    dry_run: bool = False,
    progress: Progress = lambda _: None,
) -> Report:
    """Put the good lines of a campaigns file into a store, in one transaction."""
    async with _connected(urls) as connection:
        store = await choose_store(connection, store_id)
        report = await _import(connection, path, BookingIntake(store), progress)
        await _finish(connection, dry_run=dry_run)
    return report


@asynccontextmanager
async def _connected(urls: StoreUrls) -> AsyncIterator[AsyncConnection]:
    engine = open_engine(urls.database_url)
    try:
        async with engine.connect() as connection:
            yield connection
    finally:
        await engine.dispose()


async def _import(
    connection: AsyncConnection, path: Path, intake: Intake[Item], progress: Progress
) -> Report:
    """Take the file's lines inside one transaction.

    Raises: BadInputError if it holds none.
    """
    report = Report()
    for batch in intake.read(read_rows(path, progress)):
        await take(connection, intake, batch)
        report.good += len(batch.items)
        report.changed += batch.changed
        report.errors += batch.errors
        report.warnings += batch.warnings
    if not report.good and not report.errors:
        raise BadInputError(f"{path.name} holds nothing to import: give one line for each")
    return report


async def import_events(
    urls: StoreUrls,
    path: Path,
    store_id: str | None = None,
    *,
    dry_run: bool = False,
    progress: Progress = lambda _: None,
) -> Report:
    """Put past events into a store, and write the profiles of the shoppers that they tell of."""
    log = read_log(path)
    report = Report(good=log.rows.height, errors=log.errors)
    engine = open_engine(urls.database_url)
    shoppers: set[str] = set()
    try:
        async with engine.begin() as connection:
            store = await choose_store(connection, store_id)
            if not dry_run and log.rows.height:
                first, last = log.rows["ts"].min(), log.rows["ts"].max()
                await _make_partitions(connection, float(str(first)), float(str(last)))
        for batch in past_batches(log, store.store_id):
            progress(log.file_bytes * batch.rows // log.rows.height)
            if dry_run:
                continue
            async with engine.begin() as connection:
                await add_decisions(connection, batch.decisions)
                report.changed += len(await add_events(connection, batch.events))
            shoppers |= {event.user_id for event in batch.events if event.user_id}
        async with engine.connect() as connection:
            await _write_profiles(connection, urls.redis_url, store.store_id, shoppers)
    finally:
        await engine.dispose()
    return report


async def _make_partitions(connection: AsyncConnection, first_ts: float, last_ts: float) -> None:
    first, last = (datetime.fromtimestamp(ts, UTC) for ts in (first_ts, last_ts))
    months = (last.year - first.year) * 12 + last.month - first.month + 1
    if months <= _MONTHS:
        statement = text("SELECT add_partitions(CAST(:day AS date), :months)")
        await connection.execute(statement, {"day": first.date(), "months": months})


async def _write_profiles(
    connection: AsyncConnection, redis_url: str, store_id: str, shoppers: set[str]
) -> None:
    async with Redis.from_url(redis_url) as redis:
        for batch in _batches(sorted(shoppers), _SHOPPERS):
            profiles = await recent_actions(connection, store_id, batch)
            await write_profiles(redis, store_id, profiles)


async def _finish(connection: AsyncConnection, *, dry_run: bool) -> None:
    if dry_run:
        await connection.rollback()
    else:
        await connection.commit()


def _batches(items: Iterable[Item], size: int) -> Iterator[list[Item]]:
    source = iter(items)
    while batch := list(islice(source, size)):
        yield batch
