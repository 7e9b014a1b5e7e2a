"""How Postgres is reached: one driver, psycopg 3, behind SQLAlchemy or by itself for COPY."""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson
from sqlalchemy import Engine, create_engine, make_url
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

if TYPE_CHECKING:
    from sqlalchemy import URL


def psycopg_url(url: str) -> URL:
    """The same address for SQLAlchemy, whatever spelling of the scheme `url` has."""
    return make_url(url).set(drivername="postgresql+psycopg")


def _to_json(value: object) -> str:
    return orjson.dumps(value).decode()


def open_engine(
    url: str, *, pool_size: int = 4, statement_seconds: float | None = None
) -> AsyncEngine:
    """An engine with a small pool that checks a connection before it lends it.

    Postgres itself ends statements that take longer than `statement_seconds`.
    """
    bounded = {} if statement_seconds is None else {"options": _bound(statement_seconds)}
    return create_async_engine(
        psycopg_url(url),
        pool_size=pool_size,
        max_overflow=pool_size,
        pool_pre_ping=True,
        pool_timeout=5,
        connect_args={"connect_timeout": 5, **bounded},
        json_serializer=_to_json,
        json_deserializer=orjson.loads,
    )


def _bound(seconds: float) -> str:
    """The server's own limits, in milliseconds; also on a transaction that was left open."""
    limit = round(seconds * 1000)
    names = ("statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout")
    return " ".join(f"-c {name}={limit}" for name in names)


def open_sync_engine(url: str) -> Engine:
    """An engine without a pool, for commands that run once."""
    return create_engine(psycopg_url(url), connect_args={"connect_timeout": 5})
