from __future__ import annotations

from typing import TYPE_CHECKING

import psycopg
import pytest
from psycopg import errors
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from service.worker.failures import is_poison
from tests.integration.worker.shop import open_shop

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine


def wrapped(cause: psycopg.Error) -> DBAPIError:
    return DBAPIError("INSERT", {}, cause)


@pytest.mark.parametrize(
    "error",
    [
        errors.NumericValueOutOfRange(),
        errors.CharacterNotInRepertoire(),
        errors.CheckViolation(),
        errors.NotNullViolation(),
        errors.ProgramLimitExceeded(),  # an over-long index key; psycopg calls it operational
    ],
)
def test_bad_data_is_poison(error: psycopg.Error) -> None:
    assert is_poison(error)
    assert is_poison(wrapped(error))


@pytest.mark.parametrize(
    "error",
    [
        errors.AdminShutdown(),
        errors.DiskFull(),
        errors.LockNotAvailable(),
        errors.DeadlockDetected(),
        errors.QueryCanceled(),
        errors.ReadOnlySqlTransaction(),
        errors.UndefinedTable(),
        errors.InsufficientPrivilege(),
        psycopg.OperationalError("connection refused"),
    ],
)
def test_an_outage_is_not(error: psycopg.Error) -> None:
    assert not is_poison(error)
    assert not is_poison(wrapped(error))


def test_a_value_that_python_refuses_is_poison() -> None:
    assert is_poison(ValueError("NaN"))
    assert is_poison(psycopg.DataError("PostgreSQL text fields cannot contain NUL (0x00) bytes"))
    assert is_poison(OverflowError("a timestamp out of range"))
    assert not is_poison(OSError("connection reset"))
    assert not is_poison(RuntimeError("a fault of ours"))


async def failure_of(connection: AsyncConnection, statement: str) -> DBAPIError:
    with pytest.raises(DBAPIError) as caught:
        async with connection.begin_nested():
            await connection.execute(text(statement))
    return caught.value


async def test_a_constraint_on_money_is_never_the_events_fault(engine: AsyncEngine) -> None:
    _, campaign = await open_shop(engine, budget=1_000_000)
    overspent = "UPDATE campaigns SET spent_micros = 1000001 WHERE id = '{}'"
    nameless = (
        "INSERT INTO events (store_id, ts, type, event_key, received_at)"
        " VALUES ('sto_1', now(), NULL, 'k', now())"
    )
    async with engine.connect() as connection:
        money = await failure_of(connection, overspent.format(campaign.campaign_id))
        assert isinstance(money.orig, errors.CheckViolation)
        assert not is_poison(money)
        assert is_poison(await failure_of(connection, nameless))
