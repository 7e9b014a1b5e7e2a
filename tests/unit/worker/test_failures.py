from __future__ import annotations

import psycopg
import pytest
from psycopg import errors
from sqlalchemy.exc import DBAPIError

from service.worker.failures import is_poison


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
