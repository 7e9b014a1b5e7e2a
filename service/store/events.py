"""Events on their way: bytes in the stream, then rows, each stored once."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from datetime import UTC, datetime
from itertools import count, repeat
from operator import attrgetter, call, itemgetter
from typing import TYPE_CHECKING, Any, Final

import orjson
from psycopg.types.json import Jsonb

from service.errors import BadInputError
from service.store.copying import copy_in
from service.store.tables import decisions, events

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy.ext.asyncio import AsyncConnection

    from service.decision.terms import Micros

CALLER_KEYED: Final = ("search", "feature_word", "add_to_cart", "conversion", "return")
"""Types whose key the caller chose: unique in a store whatever their time."""


SOURCE: Final = "source"
"""In the payload of a click on its way: the hash that stands for who sent it. It is not kept."""

PLATFORM: Final = "platform"
"""In the payload of what a token tells: where its ad was shown, if the token says so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that a shopper did, or that was shown to them. Times are Unix seconds.

    `event_key` tells repeats: the impression id where a token came with the event, the caller's
    own event id, or order and line of a conversion. `ts` is the token's time where there is one.
    """

    store_id: str
    ts: float
    type: str
    event_key: str
    received_at: float
    request_id: str | None = None
    impression_id: str | None = None
    user_id: str | None = None  # only with consent
    session: str | None = None
    ad_id: str | None = None
    campaign_id: str | None = None
    product_id: str | None = None
    slot: int | None = None
    price: Micros | None = None
    query: str | None = None
    feature_word: str | None = None
    action: str | None = None  # of a feature word: shown | clicked
    position: int | None = None
    value: Micros | None = None
    currency: str | None = None
    order_id: str | None = None
    line: str | None = None
    quantity: float | None = None
    invalid_reason: str | None = None
    payload: Mapping[str, Any] = field(default_factory=dict)


_FIELDS: Final = frozenset(f.name for f in fields(Event))
_REQUIRED: Final = ("store_id", "ts", "type", "event_key", "received_at")
_TIMES: Final = {"ts", "received_at"}
_SMALL: Final = {"slot", "position"}
_LARGE: Final = {"price", "value"}
_SMALL_BOUND: Final = 1 << 15
_LARGE_BOUND: Final = 1 << 63
_MOST_KINDS: Final = 1_000
_LATEST: Final = 253_402_300_799.0  # the last second of the year 9999
_COLUMNS: Final = {"price": "price_micros", "value": "value_micros"}
_ORDER: Final = tuple(f.name for f in fields(Event))
_values: Final = itemgetter(*_ORDER)
_numbers: Final = itemgetter("ts", "received_at", "slot", "position", "price", "value")
_texts: Final = attrgetter(*_ORDER[5:-1])
_slots: Final = tuple(getattr(Event, name).__set__ for name in _ORDER)
_usual_kinds: set[tuple[type, ...]] = set()
_NAMES: Final = tuple(_COLUMNS.get(name, name) for name in _ORDER)


def to_bytes(event: Event) -> bytes:
    """The event as JSON."""
    return orjson.dumps(event)


def from_bytes(raw: bytes) -> Event:
    """The event that `to_bytes` wrote; fields of a newer version are passed over.

    Raises: BadInputError when it could never be stored.
    """
    if b"\\u0000" in raw:  # which Postgres does not hold in text
        raw = raw.replace(b"\\u0000", b"\\ufffd")
    try:
        content = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise BadInputError(f"an event is not JSON: {raw[:100]!r}") from error
    if not isinstance(content, dict):
        raise BadInputError(f"an event is not an object: {raw[:100]!r}")
    if content.keys() == _FIELDS:
        values = _values(content)
        if _is_usual(content, values):
            return _made(values)
    return _checked(content, raw)


def _is_usual(content: dict[str, Any], values: tuple[Any, ...]) -> bool:
    """Whether all values have types, and numbers bounds, that were found to be storable.

    Most events look like one before them: a fifth of the time of a check field by field.
    """
    kinds = tuple(map(type, values))
    if kinds not in _usual_kinds:
        if len(_usual_kinds) < _MOST_KINDS and _is_right(content):
            _usual_kinds.add(kinds)
        return False
    ts, received_at, slot, position, price, value = _numbers(content)
    return (
        0 <= ts < _LATEST
        and 0 <= received_at < _LATEST
        and (slot is None or abs(slot) < _SMALL_BOUND)
        and (position is None or abs(position) < _SMALL_BOUND)
        and (price is None or abs(price) < _LARGE_BOUND)
        and (value is None or abs(value) < _LARGE_BOUND)
    )


def _is_right(content: dict[str, Any]) -> bool:
    there = all(content[name] is not None for name in _REQUIRED)
    return there and all(map(_storable, content, content.values()))


def _made(values: tuple[Any, ...]) -> Event:
    """The event of these values, slot by slot: its own __init__ takes longer than all the rest."""
    event = object.__new__(Event)
    for _ in map(call, _slots, repeat(event), values):
        pass
    return event


def _checked(content: dict[str, Any], raw: bytes) -> Event:
    known = {key: value for key, value in content.items() if key in _FIELDS}
    for name in _REQUIRED:
        if known.get(name) is None:
            raise BadInputError(f"an event lacks {name!r}: {raw[:200]!r}")
    for name, value in known.items():
        if not _storable(name, value):
            raise BadInputError(f"{name!r} of an event cannot be {value!r}"[:300])
    return Event(**known)


def _storable(name: str, value: object) -> bool:
    if name == "payload":
        return isinstance(value, dict)
    if value is None:
        return True
    if name in _TIMES:
        return _is_number(value) and 0 <= value < _LATEST  # type: ignore[operator] # a number
    if name == "quantity":
        return _is_number(value)
    if name in _SMALL or name in _LARGE:
        bound = _SMALL_BOUND if name in _SMALL else _LARGE_BOUND
        return isinstance(value, int) and not isinstance(value, bool) and abs(value) < bound
    return isinstance(value, str)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def moment(seconds: float) -> datetime:
    """Unix seconds as Postgres keeps them: to the microsecond."""
    return datetime.fromtimestamp(seconds, UTC)


def _row(number: int, event: Event) -> tuple[object, ...]:
    return (
        number,
        event.store_id,
        moment(event.ts).isoformat(),
        event.type,
        event.event_key,
        moment(event.received_at).isoformat(),
        *_texts(event),
        orjson.dumps(event.payload).decode() if event.payload else "{}",
    )


_ADD: Final = (
    "WITH fresh AS ("
    " INSERT INTO event_keys (store_id, type, event_key, ts)"
    " SELECT DISTINCT ON (store_id, type, event_key) store_id, type, event_key, ts"
    " FROM incoming_events WHERE type = ANY(%s)"
    " ORDER BY store_id, type, event_key, ts"
    " ON CONFLICT DO NOTHING RETURNING store_id, type, event_key, ts),"
    f" added AS (INSERT INTO events ({', '.join(_NAMES)})"
    f" SELECT {', '.join(_NAMES)} FROM incoming_events"
    " WHERE type <> ALL(%s) OR (store_id, type, event_key, ts) IN (SELECT * FROM fresh)"
    " ON CONFLICT DO NOTHING RETURNING store_id, ts, type, event_key)"
    " SELECT min(n) FROM added JOIN incoming_events USING (store_id, ts, type, event_key)"
    " GROUP BY store_id, ts, type, event_key"
)


async def add_events(connection: AsyncConnection, batch: Sequence[Event]) -> list[Event]:
    """Insert `batch` inside the caller's transaction; repeats are ignored.

    Returns: those that were new, one of each key.
    """
    if not batch:
        return []
    rows = map(_row, count(), batch)
    cursor = await copy_in(connection, events, ("n", *_NAMES), rows, numbered=True)
    await cursor.execute(_ADD, [list(CALLER_KEYED), list(CALLER_KEYED)])
    # one of each key that is new: the first that came
    return [batch[row[0]] for row in sorted(await cursor.fetchall())]


async def add_decisions(connection: AsyncConnection, batch: Sequence[Mapping[str, Any]]) -> int:
    """Insert the records of `batch` inside the caller's transaction; repeats are ignored.

    Returns: how many were new.
    Raises: BadInputError when one lacks its store, time or request id.
    """
    if not batch:
        return 0
    rows = [_decision_row(record) for record in batch]
    names = ("store_id", "ts", "request_id", "payload")
    cursor = await copy_in(connection, decisions, names, rows)
    await cursor.execute(
        "INSERT INTO decisions (store_id, ts, request_id, payload)"
        " SELECT store_id, ts, request_id, payload FROM incoming_decisions"
        " ON CONFLICT DO NOTHING"
    )
    return cursor.rowcount


def _decision_row(record: Mapping[str, Any]) -> tuple[object, ...]:
    store_id, ts, request_id = (record.get(name) for name in ("store_id", "ts", "request_id"))
    right = isinstance(store_id, str) and isinstance(request_id, str) and _storable("ts", ts)
    if not right or ts is None:
        raise BadInputError(f"a decision has store {store_id!r}, time {ts!r}, id {request_id!r}")
    return store_id, moment(ts), request_id, Jsonb(record, dumps=_dump_without_nul)


def _dump_without_nul(value: object) -> bytes:
    return orjson.dumps(value).replace(b"\\u0000", b"\\ufffd")
