"""Events on their way: bytes in the stream, then rows, each stored once."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from datetime import UTC, datetime
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

CALLER_KEYED: Final = ("search", "feature_word", "add_to_cart", "conversion")
"""Types whose key the caller chose: unique in a store whatever their time."""


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
_LATEST: Final = 253_402_300_799.0  # the last second of the year 9999
_COLUMNS: Final = {"price": "price_micros", "value": "value_micros"}
_ORDER: Final = tuple(f.name for f in fields(Event))
_NAMES: Final = tuple(_COLUMNS.get(name, name) for name in _ORDER)


def to_bytes(event: Event) -> bytes:
    """The event as JSON."""
    return orjson.dumps(event)


def from_bytes(raw: bytes) -> Event:
    """The event that `to_bytes` wrote; fields of a newer version are passed over.

    Raises: BadInputError when it could never be stored.
    """
    # Postgres holds no NUL in text
    try:
        content = orjson.loads(raw.replace(b"\\u0000", b"\\ufffd"))
    except orjson.JSONDecodeError as error:
        raise BadInputError(f"an event is not JSON: {raw[:100]!r}") from error
    if not isinstance(content, dict):
        raise BadInputError(f"an event is not an object: {raw[:100]!r}")
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
        bits = 15 if name in _SMALL else 63
        return isinstance(value, int) and not isinstance(value, bool) and abs(value) < 1 << bits
    return isinstance(value, str)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def moment(seconds: float) -> datetime:
    """Unix seconds as Postgres keeps them: to the microsecond."""
    return datetime.fromtimestamp(seconds, UTC)


def _row(event: Event) -> tuple[object, ...]:
    return (
        event.store_id,
        moment(event.ts),
        event.type,
        event.event_key,
        moment(event.received_at),
        *[getattr(event, name) for name in _ORDER[5:-1]],
        Jsonb(event.payload, dumps=orjson.dumps),
    )


async def add_events(connection: AsyncConnection, batch: Sequence[Event]) -> list[Event]:
    """Insert `batch` inside the caller's transaction; repeats are ignored.

    Returns: those that were new, one of each key.
    """
    if not batch:
        return []
    cursor = await copy_in(connection, events, _NAMES, map(_row, batch))
    columns = ", ".join(_NAMES)
    await cursor.execute(
        "WITH fresh AS ("
        " INSERT INTO event_keys (store_id, type, event_key, ts)"
        " SELECT DISTINCT ON (store_id, type, event_key) store_id, type, event_key, ts"
        f" FROM incoming_{events.name} WHERE type = ANY(%s)"
        " ORDER BY store_id, type, event_key, ts"
        " ON CONFLICT DO NOTHING RETURNING store_id, type, event_key, ts)"
        f" INSERT INTO events ({columns})"
        f" SELECT {columns} FROM incoming_{events.name}"
        " WHERE type <> ALL(%s) OR (store_id, type, event_key, ts) IN (SELECT * FROM fresh)"
        " ON CONFLICT DO NOTHING RETURNING store_id, ts, type, event_key",
        [list(CALLER_KEYED), list(CALLER_KEYED)],
    )
    new = set(await cursor.fetchall())
    found = []
    for event in batch:
        key = (event.store_id, moment(event.ts), event.type, event.event_key)
        if key in new:
            new.remove(key)
            found.append(event)
    return found


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
