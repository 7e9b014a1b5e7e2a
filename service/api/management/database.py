"""Postgres as management routes reach it: one transaction, bounded in time; else 503."""

import asyncio
import os
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Depends, Request
from sqlalchemy.exc import (
    DBAPIError,
    IntegrityError,
    InterfaceError,
    InternalError,
    OperationalError,
)
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from service.api.state import state_of
from service.errors import ConflictError, StoreUnavailableError

CONNECT_SECONDS = 3.0
TRANSACTION_SECONDS = 6.0
_AWAY = (OperationalError, InterfaceError, InternalError)  # a read-only server's is Internal
_NO_ANSWER = (PoolTimeoutError, TimeoutError, OSError)
_late: set[asyncio.Task[Any]] = set()  # given up on, but not yet done


@dataclass(frozen=True, slots=True)
class Transactions:
    """Transactions on the service's Postgres, if it has one."""

    engine: AsyncEngine | None

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[AsyncConnection]:
        """A transaction: committed at the end, rolled back by an error.

        Raises: StoreUnavailableError when Postgres is away, slow, read-only or has no connection
        to spare; ConflictError when a row that is needed was changed or removed meanwhile.
        """
        if self.engine is None:
            raise StoreUnavailableError("no database is configured; set DATABASE_URL")
        try:
            async with (
                _borrowed(self.engine) as connection,
                _watched(connection),
                connection.begin(),
            ):
                yield connection
        except IntegrityError as error:
            raise ConflictError(
                "something that this needs was changed at the same time; read it, and try again"
            ) from error
        except DBAPIError as error:
            if isinstance(error, _AWAY) or error.connection_invalidated:
                raise _unavailable() from error
            raise
        except _NO_ANSWER as error:
            raise _unavailable() from error


@asynccontextmanager
async def _borrowed(engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    """A connection of the pool that answers.

    To give up on one that hangs takes psycopg ten seconds: that goes on without the caller.
    Raises: TimeoutError.
    """
    coming = asyncio.create_task(_connected(engine))
    try:
        await asyncio.wait({coming}, timeout=CONNECT_SECONDS)
    finally:
        if not coming.done():
            coming.cancel()
            _late.add(coming)
            coming.add_done_callback(_settle)
    if not coming.done():
        raise TimeoutError
    connection = coming.result()
    try:
        yield connection
    finally:
        await connection.close()


async def _connected(engine: AsyncEngine) -> AsyncConnection:
    return await engine.connect()


def _settle(late: asyncio.Task[AsyncConnection]) -> None:
    """A connection that came after all goes back to the pool."""
    _late.discard(late)
    if not late.cancelled() and late.exception() is None:
        closing = asyncio.ensure_future(late.result().close())
        _late.add(closing)
        closing.add_done_callback(_late.discard)


@asynccontextmanager
async def _watched(connection: AsyncConnection) -> AsyncIterator[None]:
    """Break the connection off if it is still in use when its time is up.

    Unlike a cancellation, which would ask the server and wait for it, that works at once.
    """
    driver: Any = (await connection.get_raw_connection()).driver_connection
    loop = asyncio.get_running_loop()
    alarm = loop.call_later(TRANSACTION_SECONDS, _break_off, driver.pgconn.socket)
    try:
        yield
    finally:
        alarm.cancel()


def _break_off(descriptor: int) -> None:
    with suppress(OSError), socket.socket(fileno=os.dup(descriptor)) as same:
        same.shutdown(socket.SHUT_RDWR)


def _unavailable() -> StoreUnavailableError:
    return StoreUnavailableError("Postgres does not answer, or not in time; try again")


async def _transactions(request: Request) -> Transactions:
    return Transactions(state_of(request).database)


Database = Annotated[Transactions, Depends(_transactions)]
