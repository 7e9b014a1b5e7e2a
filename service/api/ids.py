"""Ids of decisions: UUIDv7 (RFC 9562), so that they sort by time."""

from __future__ import annotations

from os import urandom
from typing import NamedTuple

_RANDOM_BITS = (1 << 74) - 1


class Draw(NamedTuple):
    """What a new decision is given by chance."""

    request_id: str  # req_ and the UUID's 32 hex digits
    seed: int  # 63 bits


def draw(now: float) -> Draw:
    """A new request id of this millisecond, and a seed for all that the decision draws."""
    chance = int.from_bytes(urandom(18), "big")
    low = chance >> 63 & _RANDOM_BITS
    # 48 bits of milliseconds, version 7, 12 random bits, variant 10, 62 random bits
    high_part = (int(now * 1000) << 16) | 0x7000 | (low >> 62)
    low_part = (0b10 << 62) | (low & ((1 << 62) - 1))
    return Draw(f"req_{high_part:016x}{low_part:016x}", chance & ((1 << 63) - 1))
