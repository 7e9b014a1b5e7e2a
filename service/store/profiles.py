"""Shoppers' profiles in Redis: what they did lately, one value a shopper."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import orjson

from service.contract.history import EMPTY_HISTORY, HISTORY_LIMIT, QUERY_LIMIT, History

if TYPE_CHECKING:
    from collections.abc import Mapping

    from redis.asyncio import Redis

LIFETIME_SECONDS: Final = 90 * 24 * 3600

Timed = tuple[tuple[str, float], ...]
"""(text, Unix seconds), newest first."""


@dataclass(frozen=True, slots=True)
class StoredProfile:
    """What one shopper did, with times; ads that they hid."""

    feature_words: Timed = ()
    titles: Timed = ()
    queries: Timed = ()
    hidden: tuple[str, ...] = ()


def profile_key(store_id: str, user_id: str) -> bytes:
    """The profile's key; the store in braces keeps a store on one node of a cluster."""
    return f"{{{store_id}}}:profile:{user_id}".encode()


def encode_profile(profile: StoredProfile) -> bytes:
    """The value under the profile's key: texts and times in lists of their own, newest first."""
    words = profile.feature_words[:HISTORY_LIMIT]
    titles, queries = profile.titles[:HISTORY_LIMIT], profile.queries[:QUERY_LIMIT]
    content: dict[str, object] = {"h": profile.hidden}
    for name, done in (("w", words), ("t", titles), ("q", queries)):
        content[name] = [text for text, _ in done]
        content[f"{name}t"] = [ts for _, ts in done]
    return orjson.dumps(content)


def decode_profile(raw: bytes | None, now: float) -> tuple[History, frozenset[str]]:
    """The history as of `now`, and the hidden ads; no value is an empty history."""
    if raw is None:
        return EMPTY_HISTORY, frozenset()
    content = orjson.loads(raw)
    history = History(
        _aged(content["w"], content["wt"], now),
        _aged(content["t"], content["tt"], now),
        _aged(content["q"], content["qt"], now),
    )
    return history, frozenset(content["h"])


def _aged(texts: list[str], times: list[float], now: float) -> Timed:
    if times and times[0] > now:  # another machine's clock is ahead of ours
        times = [min(ts, now) for ts in times]
    return tuple(zip(texts, map(now.__sub__, times), strict=True))


async def write_profiles(
    redis: Redis, store_id: str, profiles: Mapping[str, StoredProfile]
) -> None:
    """Set the profile of each user id; a shopper who did nothing loses theirs."""
    if not profiles:
        return
    pipeline = redis.pipeline(transaction=False)
    for user_id, profile in profiles.items():
        key = profile_key(store_id, user_id)
        if profile == StoredProfile():
            pipeline.delete(key)
        else:
            pipeline.set(key, encode_profile(profile), ex=LIFETIME_SECONDS)
    await pipeline.execute()


async def forget(redis: Redis, store_id: str, user_id: str) -> None:
    """Remove a shopper's profile."""
    await redis.delete(profile_key(store_id, user_id))
