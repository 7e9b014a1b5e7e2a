"""Shoppers' profiles in Redis: what they did lately, one value a shopper."""

from __future__ import annotations

from array import array
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, NamedTuple

import orjson
from redis.exceptions import OutOfMemoryError

from service.contract.history import (
    EMPTY_HISTORY,
    HISTORY_LIMIT,
    QUERY_LIMIT,
    TITLE_LIMIT,
    History,
    Timeline,
)
from service.contract.uplift import MOST_SEEN
from service.decision.terms import Shopper

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from redis.asyncio import Redis

    from service.decision.terms import Cap

LIFETIME_SECONDS: Final = 90 * 24 * 3600
MOST_PHRASES: Final = 64  # of those seen, the ones seen most
MOST_LIMITS: Final = 64  # caps reached, and products bought: the newest
_REMEMBERED: Final = 1024

WITHDRAWN: Final = b"withdrawn"
"""In the place of a profile: this shopper withdrew consent, whatever a request says."""


class CapReached(NamedTuple):
    """A campaign that a shopper has seen as often as its cap allows."""

    campaign_id: str
    until: float  # Unix seconds: then the first of these impressions is out of the window
    impressions: int  # the cap that was counted for
    seconds: int


WHOLE: Final = b"salient:profiles:whole"
"""There while no profile is missing: then who has none did nothing for as long as one lives."""

NEVER: Final = 1 << 30
"""A day after all others."""

Timed = tuple[tuple[str, float], ...]
"""(text, Unix seconds), newest first."""

_NOTHING_SEEN: Final[Mapping[str, int]] = MappingProxyType({})
_NO_CAPS: Final[Mapping[str, Cap]] = MappingProxyType({})
_Apart = tuple[tuple[str, ...], "array[float]"]


@dataclass(frozen=True, slots=True)
class StoredProfile:
    """What one shopper did, with times; ads that they hid."""

    feature_words: Timed = ()
    titles: Timed = ()
    queries: Timed = ()
    hidden: tuple[str, ...] = ()
    seen: tuple[tuple[str, int], ...] = ()  # selling points in titles of late, and how often
    capped: tuple[CapReached, ...] = ()  # newest first
    bought: Timed = ()  # products, and until when their ads stay out; newest first
    since: int | None = None  # the day, from 1970 on, of the first of all this; None: not known


def profile_key(store_id: str, user_id: str) -> bytes:
    """The profile's key; the store in braces keeps a store on one node of a cluster."""
    return f"{{{store_id}}}:profile:{user_id}".encode()


def encode_profile(profile: StoredProfile) -> bytes:
    """The value under the profile's key: texts and times in lists of their own, newest first."""
    words = profile.feature_words[:HISTORY_LIMIT]
    titles, queries = profile.titles[:TITLE_LIMIT], profile.queries[:QUERY_LIMIT]
    seen = sorted(profile.seen, key=lambda one: (-one[1], one[0]))[:MOST_PHRASES]
    content: dict[str, object] = {"h": profile.hidden}
    if seen:
        content["s"] = {text: min(count, MOST_SEEN) for text, count in seen}
    for name, done in (("w", words), ("t", titles), ("q", queries)):
        content[name] = [text for text, _ in done]
        content[f"{name}t"] = [ts for _, ts in done]
    if profile.capped:
        content["c"] = {one.campaign_id: one[1:] for one in profile.capped[:MOST_LIMITS]}
    if profile.bought:
        content["b"] = dict(profile.bought[:MOST_LIMITS])
    if profile.since is not None:
        content["d"] = profile.since
    return orjson.dumps(content)


def decode_profile(raw: bytes | None, now: float) -> tuple[History, frozenset[str]]:
    """The history as of `now`, and the hidden ads; no value is an empty history."""
    if raw is None:
        return EMPTY_HISTORY, frozenset()
    read = _read(raw)
    history = History(
        Timeline(*read.feature_words, now),
        Timeline(*read.titles, now),
        Timeline(*read.queries, now),
    )
    return history, read.hidden


def decode_seen(raw: bytes | None) -> Mapping[str, int]:
    """How often the shopper saw which selling points of late; bounded both ways."""
    return _read(raw).seen if raw else _NOTHING_SEEN


def decode_limits(raw: bytes | None, now: float) -> tuple[frozenset[str], Mapping[str, Cap]]:
    """The products that were bought just before `now`, and the campaigns whose cap is reached."""
    if raw is None:
        return frozenset(), _NO_CAPS
    read = _read(raw)
    bought = frozenset(one for one, until in read.bought.items() if until > now)
    if not read.capped:
        return bought, _NO_CAPS
    return bought, {
        campaign: (most, seconds)
        for campaign, (until, most, seconds) in read.capped.items()
        if until > now
    }


def shopper_of(user_id: str | None, raw: bytes | None, now: float) -> Shopper:
    """The shopper whose stored profile is `raw`, as of `now`."""
    history, hidden = decode_profile(raw, now)
    bought, capped = decode_limits(raw, now)
    return Shopper(user_id, history, hidden, decode_seen(raw), bought, capped)


class _Read(NamedTuple):
    """A value as it was read: texts, and their times in Unix seconds."""

    feature_words: _Apart
    titles: _Apart
    queries: _Apart
    hidden: frozenset[str]
    seen: Mapping[str, int]
    capped: Mapping[str, tuple[float, int, int]]  # until, impressions, seconds
    bought: Mapping[str, float]


@lru_cache(maxsize=_REMEMBERED)
def _read(raw: bytes) -> _Read:
    """Read a value; whoever turns pages comes again with the same one."""
    content = orjson.loads(raw)
    words, titles, queries = (_apart(content[n], content[f"{n}t"]) for n in ("w", "t", "q"))
    # values that older versions wrote have no "s", "c" or "b"
    return _Read(
        words,
        titles,
        queries,
        frozenset(content["h"]),
        content.get("s", _NOTHING_SEEN),
        content.get("c", {}),
        content.get("b", {}),
    )


def _apart(texts: list[str], times: list[float]) -> _Apart:
    if len(texts) != len(times):
        message = f"{len(texts)} texts, {len(times)} times"
        raise ValueError(message)
    return tuple(texts), array("d", times)


async def read_profile(redis: Redis, store_id: str, user_id: str) -> StoredProfile | None:
    """The profile of a shopper, if there is one."""
    raw = await redis.get(profile_key(store_id, user_id))
    if raw is None or raw == WITHDRAWN:
        return None
    content = orjson.loads(raw)
    words, titles, queries = (
        tuple(zip(content[name], content[f"{name}t"], strict=True)) for name in ("w", "t", "q")
    )
    return StoredProfile(
        words,
        titles,
        queries,
        tuple(content["h"]),
        tuple(content.get("s", _NOTHING_SEEN).items()),
        tuple(CapReached(campaign, *cap) for campaign, cap in content.get("c", {}).items()),
        tuple(content.get("b", {}).items()),
    )


async def write_profiles(
    redis: Redis, store_id: str, profiles: Mapping[str, StoredProfile]
) -> None:
    """Set the profile of each user id; a shopper who did nothing loses theirs."""
    await write_all(redis, {(store_id, user_id): one for user_id, one in profiles.items()})


async def write_all(redis: Redis, profiles: Mapping[tuple[str, str], StoredProfile]) -> None:
    """As `write_profiles`, by store and user id."""
    if not profiles:
        return
    pipeline = redis.pipeline(transaction=False)
    for (store_id, user_id), profile in profiles.items():
        key = profile_key(store_id, user_id)
        if profile == StoredProfile():
            pipeline.delete(key)
        else:
            pipeline.set(key, encode_profile(profile), ex=LIFETIME_SECONDS)
    await pipeline.execute()


async def first_days(
    redis: Redis, shoppers: Sequence[tuple[str, str]]
) -> dict[tuple[str, str], int]:
    """The day of the first action that each shopper's profile is made of, where that is known.

    NEVER is the day of who has no profile while none is missing.
    """
    keys = [profile_key(store_id, user_id) for store_id, user_id in shoppers]
    whole, *values = await redis.mget([WHOLE, *keys])
    found: dict[tuple[str, str], int] = {}
    for shopper, raw in zip(shoppers, values, strict=True):
        day = NEVER if whole else None
        if raw is not None:
            day = None if raw == WITHDRAWN else orjson.loads(raw).get("d")
        if day is not None:
            found[shopper] = day
    return found


async def withdraw(redis: Redis, store_id: str, user_ids: Iterable[str]) -> None:
    """Put WITHDRAWN in the place of these shoppers' profiles, for as long as it holds.

    Raises: OutOfMemoryError where Redis has no room; the profiles are gone even then.
    """
    keys = [profile_key(store_id, user_id) for user_id in user_ids]
    pipeline = redis.pipeline(transaction=False)
    for key in keys:
        pipeline.set(key, WITHDRAWN)
    try:
        await pipeline.execute()
    except OutOfMemoryError:
        await redis.delete(*keys)
        raise


async def forget(redis: Redis, store_id: str, user_id: str) -> None:
    """Remove a shopper's profile, or WITHDRAWN in its place."""
    await redis.delete(profile_key(store_id, user_id))
