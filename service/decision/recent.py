"""A bounded memory of what was worked out lately."""

from __future__ import annotations

from typing import Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")


class Recent(Generic[K, V]):
    """Keeps the `limit` values used last. A value may be lost at any time, never wrong."""

    __slots__ = ("_limit", "_values")

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._values: dict[K, V] = {}

    def __len__(self) -> int:
        return len(self._values)

    def get(self, key: K) -> V | None:
        """The value kept under `key`, now the most recent; None if there is none."""
        value = self._values.pop(key, None)
        if value is not None:
            self._values[key] = value
        return value

    def put(self, key: K, value: V) -> V:
        """Keep `value` under `key` and give it back; the one unused longest makes room."""
        if len(self._values) >= self._limit:
            self._values.pop(next(iter(self._values)), None)
        self._values[key] = value
        return value
