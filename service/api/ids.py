"""Ids: a word for the kind and a UUIDv7 (RFC 9562), so that they sort by time."""

from __future__ import annotations

from os import urandom
from time import time
from typing import NamedTuple

_RANDOM_BITS = (1 << 74) - 1


class Draw(NamedTuple):
    """What a new decision is given by chance."""

    request_id: str  # req_ and the UUID's 32 hex digits
    seed: int  # 63 bits


def draw(now: float) -> Draw:
    """A new request id of this millisecond, and a seed for all that the decision draws."""
    chance = int.from_bytes(urandom(18), "big")
    return Draw(f"req_{_uuid7(now, chance >> 63 & _RANDOM_BITS)}", chance & ((1 << 63) - 1))


def new_id(prefix: str) -> str:
    """A new id such as adv_ and 32 hex digits."""
    low = int.from_bytes(urandom(10), "big") & _RANDOM_BITS
    return f"{prefix}_{_uuid7(time(), low)}"


def _uuid7(now: float, low: int) -> str:
    # 48 bits of milliseconds, version 7, 12 random bits, variant 10, 62 random bits
    high_part = (int(now * 1000) << 16) | 0x7000 | (low >> 62)
    low_part = (0b10 << 62) | (low & ((1 << 62) - 1))
    return f"{high_part:016x}{low_part:016x}"
