"""Whole numbers for identifiers, as the parquet layouts want them."""

from __future__ import annotations

from hashlib import blake2b
from typing import TYPE_CHECKING

from service.errors import BadInputError

if TYPE_CHECKING:
    from collections.abc import Iterable

FIRST_HASHED = 1 << 31
"""Identifiers that are whole numbers below stay as they are."""
END = 1 << 53
"""All numbers lie below: every reader of parquet, also one of doubles, holds them exactly."""


def number_of(identifier: str) -> int:
    """Map an identifier to a whole number that never changes.

    `"100001"` stays 100001. Anything else, also `"007"`, becomes a hash in [2^31, 2^53).
    """
    if (number := _whole(identifier)) is not None:
        return number
    digest = int.from_bytes(blake2b(identifier.encode(), digest_size=8).digest(), "big")
    return FIRST_HASHED + digest % (END - FIRST_HASHED)


def number_all(identifiers: Iterable[str]) -> dict[str, int]:
    """Map each identifier to its number, the same in every export.

    Raises: BadInputError where two of them would share one.
    """
    numbers: dict[str, int] = {}
    owners: dict[int, str] = {}
    for identifier in identifiers:
        number = number_of(identifier)
        if (owner := owners.setdefault(number, identifier)) != identifier:
            raise BadInputError(f"{owner!r} and {identifier!r} both map to the number {number}")
        numbers[identifier] = number
    return numbers


def number_anew(identifiers: Iterable[str]) -> dict[str, int]:
    """Map each identifier to a number that says nothing about it and holds for one export only.

    Whole numbers stay; the others are counted on from the largest of those.
    """
    given = sorted(set(identifiers))
    numbers = {one: number for one in given if (number := _whole(one)) is not None}
    first = max(numbers.values(), default=-1) + 1
    others = (identifier for identifier in given if identifier not in numbers)
    return numbers | {identifier: first + count for count, identifier in enumerate(others)}


def _whole(identifier: str) -> int | None:
    if identifier.isascii() and identifier.isdigit() and len(identifier) <= len(str(FIRST_HASHED)):
        number = int(identifier)
        if number < FIRST_HASHED and str(number) == identifier:
            return number
    return None
