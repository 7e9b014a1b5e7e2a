"""Whole numbers for identifiers, as the parquet layouts want them."""

from __future__ import annotations

from hashlib import blake2b
from typing import TYPE_CHECKING

from service.errors import BadInputError

if TYPE_CHECKING:
    from collections.abc import Iterable

LARGEST_KEPT = 1 << 53
"""Whole numbers up to here stay as they are: every reader of parquet holds them exactly."""


def number_of(identifier: str) -> int:
    """Map an identifier to a whole number that never changes.

    `"100001"` stays 100001. Anything else, also `"007"`, becomes a hash of 61 bits, moved above
    the numbers that stay: (2^53, 2^62).
    """
    if identifier.isascii() and identifier.isdigit():
        number = int(identifier)
        if str(number) == identifier and number <= LARGEST_KEPT:
            return number
    digest = int.from_bytes(blake2b(identifier.encode(), digest_size=8).digest(), "big")
    return LARGEST_KEPT + 1 + (digest >> 3)


def number_all(identifiers: Iterable[str]) -> dict[str, int]:
    """Map each identifier to its number.

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
