"""Where a shopper falls in an experiment: one of 10,000 buckets, the same whenever asked.

Buckets belong to arms as ranges, because no rule that knows the weights alone can let each of
three or more arms grow without moving somebody: what an arm holds, it keeps while it grows.
"""

from __future__ import annotations

from hashlib import blake2b
from itertools import pairwise
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    Ranges = tuple[tuple[int, int], ...]  # first bucket, and the one after the last; in order

BUCKETS: Final = 10_000
_DIGEST_BYTES: Final = 8


def bucket_of(salt: str, shopper: str) -> int:
    """The bucket of `shopper` in the experiment of that `salt`, in 0..9999.

        h = BLAKE2b, 8 bytes, of salt + 0x00 + shopper in UTF-8, read as a big-endian integer
        bucket = floor(h * 10,000 / 2^64)

    Evenly spread, and for another salt independent of this one (Aumasson et al. 2013, RFC 7693).
    """
    told = f"{salt}\0{shopper}".encode("utf-8", "surrogatepass")
    digest = blake2b(told, digest_size=_DIGEST_BYTES).digest()
    return int.from_bytes(digest, "big") * BUCKETS >> 8 * _DIGEST_BYTES


def holds(ranges: Ranges, bucket: int) -> bool:
    """Whether `bucket` lies in one of `ranges`."""
    return any(first <= bucket < end for first, end in ranges)


def size_of(ranges: Iterable[tuple[int, int]]) -> int:
    """How many buckets lie in `ranges`."""
    return sum(end - first for first, end in ranges)


def allot(held: Sequence[Ranges], weights: Sequence[int]) -> tuple[Ranges, ...]:
    """Buckets for each arm, as many as its weight, changing as little as can be.

    `held` is what the arms have so far, disjoint. An arm that shrinks gives its last buckets
    away; one that grows keeps all that it has and takes the first that are free.

    Raises: ValueError where the weights add up to more than there are buckets.
    """
    if sum(weights) > BUCKETS:
        raise ValueError(f"weights of {sum(weights)} for {BUCKETS} buckets")
    kept = [_split(ranges, weight)[0] for ranges, weight in zip(held, weights, strict=True)]
    free = _gaps(part for ranges in kept for part in ranges)
    allotted = []
    for ranges, weight in zip(kept, weights, strict=True):
        taken, free = _split(free, weight - size_of(ranges))
        allotted.append(_joined([*ranges, *taken]))
    return tuple(allotted)


def _split(ranges: Ranges, count: int) -> tuple[Ranges, Ranges]:
    """The first `count` buckets of `ranges`, or as many as there are, and the rest."""
    before: list[tuple[int, int]] = []
    after: list[tuple[int, int]] = []
    for first, end in ranges:
        cut = min(first + max(count, 0), end)
        count -= cut - first
        before += [(first, cut)] if cut > first else []
        after += [(cut, end)] if end > cut else []
    return tuple(before), tuple(after)


def _gaps(ranges: Iterable[tuple[int, int]]) -> Ranges:
    """What lies in none of `ranges`."""
    edges = [(0, 0), *sorted(ranges), (BUCKETS, BUCKETS)]
    return tuple((left[1], right[0]) for left, right in pairwise(edges) if right[0] > left[1])


def _joined(ranges: Iterable[tuple[int, int]]) -> Ranges:
    """The same buckets in order, neighbours as one range."""
    joined: list[tuple[int, int]] = []
    for first, end in sorted(ranges):
        if joined and joined[-1][1] == first:
            joined[-1] = (joined[-1][0], end)
        else:
            joined.append((first, end))
    return tuple(joined)
