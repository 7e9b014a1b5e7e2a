"""Postgres as management routes reach it: one transaction, bounded in time; else 503."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Annotated

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

TRANSACTION_SECONDS = 8.0
_AWAY = (OperationalError, InterfaceError, InternalError)  # a read-only server's is Internal
_NO_ANSWER = (PoolTimeoutError, TimeoutError, OSError)


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
            async with asyncio.timeout(TRANSACTION_SECONDS), self.engine.begin() as connection:
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


def _unavailable() -> StoreUnavailableError:
    return StoreUnavailableError("Postgres does not answer, or not in time; try again")


async def _transactions(request: Request) -> Transactions:
    return Transactions(state_of(request).database)


Database = Annotated[Transactions, Depends(_transactions)]
