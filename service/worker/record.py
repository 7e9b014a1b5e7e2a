"""Entries of the stream become rows and charges, in one transaction."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import orjson

from service.errors import BadInputError
from service.store.accounts import lock_accounts
from service.store.consents import keeping_limits
from service.store.events import SOURCE, Event, add_decisions, add_events, from_bytes
from service.store.ledger import charge
from service.store.order_keys import with_hashed_returns
from service.worker.charging import dues_of, is_paid
from service.worker.failures import REFUSED_VALUES, is_poison
from service.worker.invalid import judge
from service.worker.permitted import permitted_decision, permitted_event, shoppers_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from redis.asyncio import Redis
    from sqlalchemy.ext.asyncio import AsyncEngine

    from service.store.stream import Entry


HUGE_BYTES = 65_536
"""No entry of ours is that long: it goes last and alone, for it may well be poison."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """An entry that could not be stored although the stores were well."""

    entry: Entry
    error: Exception


@dataclass(slots=True)
class Recorded:
    """What became of a batch. `events` holds all that are safe now, also those stored before.

    They name a shopper only where that may be kept.
    """

    safe: list[Entry] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    refused: list[Refusal] = field(default_factory=list)
    put_off: list[Entry] = field(default_factory=list)  # somebody holds their campaigns
    charged: int = 0
    unpaid: int = 0
    repeats: Counter[str] = field(default_factory=Counter)  # told before, by type


@dataclass(frozen=True, slots=True)
class _Item:
    entry: Entry
    content: Event | dict[str, Any]


async def record(
    engine: AsyncEngine, entries: Sequence[Entry], redis: Redis | None = None
) -> Recorded:
    """Store `entries` and charge their clicks, each exactly once however often it comes.

    An entry that cannot be stored is found by halving and refused alone; the rest is committed.
    What a campaign pays for whose row somebody holds is put off: it is not stored, and so
    must come again. Clicks of one sender are counted in `redis`, where it is given.

    Raises: whatever the database raised where the fault is not the data's; nothing that this
    call did not commit may then be acknowledged, and all may be tried again.
    """
    recorded = Recorded()
    items: list[_Item] = []
    for entry in entries:
        try:
            items.append(_Item(entry, _content(entry)))
        except REFUSED_VALUES as error:
            recorded.refused.append(Refusal(entry, error))
    items = await _judged(redis, items)
    await _store_halves(engine, [item for item in items if not _is_huge(item)], recorded)
    for item in filter(_is_huge, items):
        await _store_halves(engine, [item], recorded)
    return recorded


async def _judged(redis: Redis | None, items: list[_Item]) -> list[_Item]:
    events = [item.content for item in items if isinstance(item.content, Event)]
    if not any(SOURCE in event.payload for event in events):
        return items
    judged = iter(await judge(redis, events))
    return [
        _Item(item.entry, next(judged)) if isinstance(item.content, Event) else item
        for item in items
    ]


def _is_huge(item: _Item) -> bool:
    return len(item.entry.body) > HUGE_BYTES


def _content(entry: Entry) -> Event | dict[str, Any]:
    if entry.kind == "event":
        return from_bytes(entry.body)
    if entry.kind != "decision":
        raise BadInputError(f"an entry of unknown kind {entry.kind!r}")
    decision = orjson.loads(entry.body)
    if not isinstance(decision, dict):
        raise BadInputError(f"a decision is not an object: {entry.body[:100]!r}")
    return decision


async def _store_halves(engine: AsyncEngine, items: list[_Item], recorded: Recorded) -> None:
    if not items:
        return
    try:
        stored = await _store(engine, items)
    except Exception as error:
        if not is_poison(error):
            raise
        if len(items) == 1:
            recorded.refused.append(Refusal(items[0].entry, error))
            return
        middle = len(items) // 2
        await _store_halves(engine, items[:middle], recorded)
        await _store_halves(engine, items[middle:], recorded)
        return
    recorded.safe += [item.entry for item in stored.items]
    recorded.events += stored.events
    recorded.put_off += [item.entry for item in stored.put_off]
    recorded.charged += stored.charged
    recorded.unpaid += stored.unpaid
    recorded.repeats += stored.repeats


@dataclass(frozen=True, slots=True)
class _Stored:
    items: list[_Item]
    put_off: list[_Item]
    events: list[Event]
    charged: int
    unpaid: int
    repeats: Counter[str]


async def _store(engine: AsyncEngine, items: list[_Item]) -> _Stored:
    async with engine.begin() as connection:
        paying = {campaign for item in items if (campaign := _paying(item)) is not None}
        accounts = await lock_accounts(connection, paying, pass_over_busy=True)
        put_off = [item for item in items if accounts.busy and _paying(item) in accounts.busy]
        if put_off:
            items = [item for item in items if _paying(item) not in accounts.busy]
        decisions = [item.content for item in items if isinstance(item.content, dict)]
        events = [item.content for item in items if isinstance(item.content, Event)]
        limits = await keeping_limits(connection, shoppers_of(events, decisions))
        if limits:
            events = [permitted_event(event, limits) for event in events]
            decisions = [permitted_decision(decision, limits) for decision in decisions]
        events = await with_hashed_returns(connection, events)
        await add_decisions(connection, decisions)
        new = await add_events(connection, events)
        charged = await charge(connection, dues_of(new), accounts)
    repeats = Counter(event.type for event in events) - Counter(event.type for event in new)
    return _Stored(items, put_off, events, len(charged.paid), len(charged.unpaid), repeats)


def _paying(item: _Item) -> str | None:
    """The campaign that pays for it, if it costs something."""
    event = item.content
    return event.campaign_id if isinstance(event, Event) and is_paid(event) else None
