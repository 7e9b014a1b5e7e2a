"""Which failures are the entry's own fault, and which are an outage that passes."""

from __future__ import annotations

import psycopg
from sqlalchemy.exc import DBAPIError

from service.errors import BadInputError

POISON_CLASSES = ("22", "23", "54")
"""SQLSTATE classes of bad data: data exception, integrity violation, program limit exceeded."""

RAW_TABLES = ("events", "decisions", "event_keys", "incoming_")
"""Tables, by how they begin, whose constraints judge what came in. Others hold money and rules:
if one of theirs is broken, the fault is ours, and no paid click may go for it."""

REFUSED_VALUES = (
    BadInputError,
    psycopg.DataError,
    ValueError,
    TypeError,
    KeyError,
    ArithmeticError,
)


def is_poison(error: BaseException) -> bool:
    """Tell whether trying again is useless because the data itself cannot be stored.

    A refused value, a broken constraint or an over-long index key is poison. A lost connection, a
    full disk, a lock that was not given, or a missing table is an outage: nothing may be dropped
    for it. Errors without an SQLSTATE are poison only where the value itself was refused before it
    was sent (a NUL in a text, a year of 99999).
    """
    cause = error.orig if isinstance(error, DBAPIError) else error
    state = getattr(cause, "sqlstate", None)
    if isinstance(state, str):
        return state.startswith(POISON_CLASSES) and _is_about_raw_data(cause)
    return isinstance(cause, REFUSED_VALUES)


def _is_about_raw_data(cause: BaseException | None) -> bool:
    table = cause.diag.table_name if isinstance(cause, psycopg.Error) else None
    return table is None or table.startswith(RAW_TABLES)
