"""What stands twice in one file: the first is taken, each later one is named."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from service.store.feeds.report import FieldError, LineError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

Item = TypeVar("Item")


def refuse_repeats(
    found: Iterable[tuple[int, Item] | LineError], field: str, key_of: Callable[[Item], str]
) -> Iterator[tuple[int, Item] | LineError]:
    """`found`, with an error of `field` in the place of each item whose key came before."""
    lines: dict[str, int] = {}
    for one in found:
        if isinstance(one, LineError):
            yield one
            continue
        line, item = one
        key = key_of(item)
        first = lines.setdefault(key, line)
        if first == line:
            yield one
        else:
            yield FieldError(field, key, f"line {first} has it already; keep one of them").on(line)
