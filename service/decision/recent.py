"""A bounded memory of what was worked out lately."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

K = TypeVar("K")
V = TypeVar("V")


class Recent(Generic[K, V]):
    """Keeps the `limit` values put last. A value may be lost at any time, never wrong.

    `get(key)` gives the value or None. It does not refresh: that would cost a read four times
    as much, and what is lost is soon worked out again.
    """

    __slots__ = ("_limit", "_values", "get")

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._values: dict[K, V] = {}
        self.get: Callable[[K], V | None] = self._values.get

    def __len__(self) -> int:
        return len(self._values)

    def known(self) -> list[K]:
        """The keys, from the one put first."""
        return list(self._values)

    def copy(self, keep: Callable[[K], bool] = lambda _: True) -> Recent[K, V]:
        """Another that remembers the same, as far as `keep` says so, and goes its own way."""
        other: Recent[K, V] = Recent(self._limit)
        values = self._values.copy()  # in one step: its owner may be putting
        other._values.update({key: value for key, value in values.items() if keep(key)})
        return other

    def put(self, key: K, value: V) -> V:
        """Keep `value` under `key` and give it back; the one put first makes room."""
        if len(self._values) >= self._limit:
            self._values.pop(next(iter(self._values)), None)
        self._values[key] = value
        return value
