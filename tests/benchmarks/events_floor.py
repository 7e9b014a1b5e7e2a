"""The floor of recording: read, decode, COPY with conflict handling, acknowledge; no more."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import orjson
import psycopg
from redis import Redis
from redis.exceptions import ResponseError

from service.store.stream import STREAM

if TYPE_CHECKING:
    from collections.abc import Sequence

GROUP = "floor"
BATCH = 500
COLUMNS = (
    "store_id", "ts", "type", "event_key", "received_at", "request_id", "impression_id", "user_id",
    "session", "ad_id", "campaign_id", "product_id", "slot", "price", "query", "feature_word",
    "action", "position", "value", "currency", "order_id", "line", "quantity", "invalid_reason",
)  # fmt: skip
_NAMES = ", ".join(COLUMNS).replace("price", "price_micros").replace("value", "value_micros")
_INSERT = f"INSERT INTO events ({_NAMES}) SELECT {_NAMES} FROM incoming ON CONFLICT DO NOTHING"  # noqa: S608 - our own names


def record_floor(database_url: str, redis_url: str) -> int:
    """Empty the stream into the events, one process and one connection each; returns how many."""
    recorded = 0
    with Redis.from_url(redis_url) as redis, psycopg.connect(database_url) as connection:
        with suppress(ResponseError):
            redis.xgroup_create(STREAM, GROUP, id="0", mkstream=True)
        connection.execute("CREATE TEMPORARY TABLE incoming (LIKE events INCLUDING DEFAULTS)")
        while entries := _read(redis):
            rows = [row for _, fields in entries if (row := _row(fields[b"b"])) is not None]
            _store(connection, rows)
            pipeline = redis.pipeline()
            ids = [entry_id for entry_id, _ in entries]
            pipeline.xack(STREAM, GROUP, *ids)
            pipeline.xdel(STREAM, *ids)
            pipeline.execute()
            recorded += len(rows)
        redis.xgroup_destroy(STREAM, GROUP)
    return recorded


def _read(redis: Redis) -> list[tuple[bytes, dict[bytes, bytes]]]:
    answer: Any = redis.xreadgroup(GROUP, "floor", {STREAM: ">"}, count=BATCH)
    if not answer:
        return []
    found: Any = answer[STREAM][0] if isinstance(answer, dict) else answer[0][1]
    return list(found)


def _row(body: bytes) -> tuple[object, ...] | None:
    event = orjson.loads(body)
    if "ts" not in event:
        return None
    for name in ("ts", "received_at"):
        event[name] = datetime.fromtimestamp(event[name], UTC)
    return tuple(event[name] for name in COLUMNS)


def _store(connection: psycopg.Connection[Any], rows: Sequence[tuple[object, ...]]) -> None:
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE incoming")
        with cursor.copy(f"COPY incoming ({_NAMES}) FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)
        cursor.execute(_INSERT)
    connection.commit()
