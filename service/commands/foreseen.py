"""What may well go wrong for a user of the command, said in one line."""

from __future__ import annotations

from typing import Final

from service.errors import AdServiceError

_STORE_TROUBLE: Final = {"ArgumentError", "ConnectionError", "OperationalError", "TimeoutError"}


def foreseen(error: Exception) -> str | None:
    """What `error` says of itself, if it is a bad input, file or setting, or a store away.

    Errors of libraries are known by name: a command that fails early has not loaded them.
    """
    if isinstance(error, AdServiceError | OSError):  # a folder that cannot be written, say
        return str(error)
    package, name = type(error).__module__.partition(".")[0], type(error).__name__
    if package == "pydantic_core":
        return "; ".join(
            f"{'.'.join(map(str, one['loc']))}: {one['msg']}; received {one['input']!r}"
            for one in getattr(error, "errors")()  # noqa: B009 - not imported for this alone
        )
    if package in {"sqlalchemy", "psycopg", "redis"} and name in _STORE_TROUBLE:
        return f"a store cannot be used: {str(error).partition(chr(10))[0]}"
    return None
