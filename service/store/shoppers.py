"""What shoppers did lately, read back from their events."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import text

from service.contract.history import HISTORY_LIMIT, QUERY_LIMIT, TITLE_LIMIT
from service.store.limits import SINCE, first_late_day, limits_of, with_caps
from service.store.profiles import StoredProfile

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from sqlalchemy import TextClause
    from sqlalchemy.ext.asyncio import AsyncConnection

    from service.store.consents import Shopper
    from service.store.profiles import Timed

__all__ = ["late_actions", "lock_shoppers", "recent_actions", "with_caps", "withdrawn_of"]

HIDDEN_LIMIT: Final = 200
DAY_SECONDS: Final = 86_400
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
LONGEST_LOOK: Final = 1_000
"""Of a shopper's actions, the newest: all lists are made of these."""

_INDEXED: Final = (
    "e.user_id IS NOT NULL AND e.invalid_reason IS NULL"
    " AND (e.type IN ('click', 'search', 'hide') OR e.action = 'clicked')"
)
_SHOPPERS: Final = (
    "unnest(CAST(:stores AS text[]), CAST(:users AS text[])) AS s (store_id, user_id)"
)
_ACTIONS: Final = (
    "SELECT s.store_id, s.user_id, done.type,"
    " array_agg(done.what ORDER BY done.ts DESC, done.event_key DESC),"
    " array_agg(extract(epoch FROM done.ts)::float8 ORDER BY done.ts DESC, done.event_key DESC)"
    " FROM {shoppers} CROSS JOIN LATERAL ("
    "  SELECT *, row_number() OVER (PARTITION BY type ORDER BY ts DESC, event_key DESC) AS place"
    "  FROM (SELECT e.type, e.ts, e.event_key, CASE e.type WHEN 'click' THEN p.title"
    "    WHEN 'search' THEN e.query WHEN 'hide' THEN e.ad_id ELSE e.feature_word END AS what"
    "   FROM events e LEFT JOIN products p ON e.type = 'click'"
    "   AND p.store_id = e.store_id AND p.product_id = e.product_id"
    # the conditions of ix_events_shopper, so that it is all that is read
    f"   WHERE e.store_id = s.store_id AND e.user_id = s.user_id AND {_INDEXED} {{bound}}"
    f"   ORDER BY e.ts DESC, e.event_key DESC LIMIT {LONGEST_LOOK}) AS newest"
    "  WHERE what IS NOT NULL) AS done"
    f" WHERE done.place <= CASE done.type WHEN 'click' THEN {TITLE_LIMIT}"
    f" WHEN 'search' THEN {QUERY_LIMIT} WHEN 'hide' THEN {HIDDEN_LIMIT} ELSE {HISTORY_LIMIT} END"
    " GROUP BY s.store_id, s.user_id, done.type"
)
_ALL_ACTIONS: Final = text(_ACTIONS.format(shoppers=_SHOPPERS, bound=""))
# one plan for all: to plan for hundreds of partitions takes longer than to read those that matter
_LOCK: Final = text(
    "SELECT pg_advisory_xact_lock(shopper),"
    " set_config('plan_cache_mode', 'force_generic_plan', true) FROM ("
    " SELECT DISTINCT hashtextextended(s.store_id || s.user_id, 0) AS shopper"
    f" FROM {_SHOPPERS} ORDER BY 1) AS shoppers"
)
_WITHDRAWN: Final = text(
    "SELECT store_id, user_id FROM shoppers"
    f" JOIN {_SHOPPERS} USING (store_id, user_id) WHERE NOT consent"
)
SEEN_DECISIONS: Final = 20
SEEN_DAYS: Final = 30


@lru_cache(maxsize=2)
def _pages(since: date) -> TextClause:
    return text(
        "SELECT s.store_id, s.user_id,"
        " jsonb_path_query_array(page.payload, '$.awards[*].chosen[*].text') AS points"
        f" FROM {_SHOPPERS} CROSS JOIN LATERAL ("
        "  SELECT d.payload FROM decisions d WHERE d.store_id = s.store_id"
        "  AND d.payload #>> '{request,user_id}' = s.user_id"
        "  AND d.payload #>> '{request,user_id}' IS NOT NULL"
        f"  AND d.ts >= '{since} 00:00:00+00'"
        f"  AND d.ts > now() - interval '{SEEN_DAYS} days'"
        f"  ORDER BY d.ts DESC LIMIT {SEEN_DECISIONS}) AS page"
    )


async def lock_shoppers(connection: AsyncConnection, shoppers: Sequence[Shopper]) -> None:
    """As `consents.take_turns`, for shoppers of several stores, and in the same order."""
    await connection.execute(_LOCK, _named(shoppers))


async def withdrawn_of(connection: AsyncConnection, shoppers: Sequence[Shopper]) -> set[Shopper]:
    """Those of `shoppers` who withdrew their consent."""
    found = await connection.execute(_WITHDRAWN, _named(shoppers))
    return {(row[0], row[1]) for row in found}


async def recent_actions(
    connection: AsyncConnection, store_id: str, user_ids: Iterable[str]
) -> dict[str, StoredProfile]:
    """The profile of each of `user_ids` of one store, as all of its events have it."""
    shoppers = [(store_id, user_id) for user_id in user_ids]
    if not shoppers:
        return {}
    rows = await connection.execute(_ALL_ACTIONS, _named(shoppers))
    found, _ = await _profiles(connection, shoppers, rows, [_EPOCH] * len(shoppers))
    return {user_id: profile for (_, user_id), profile in found.items()}


async def late_actions(
    connection: AsyncConnection, shoppers: Sequence[Shopper], first_days: Mapping[Shopper, int]
) -> dict[Shopper, StoredProfile]:
    """As `recent_actions`, for shoppers of any store, as far back as a profile lives.

    Where it is known on which day a shopper began, no partition of before is read.
    """
    if not shoppers:
        return {}
    oldest = first_late_day()
    days = [max(_day(oldest), first_days.get(one, 0)) for one in shoppers]
    since = [_EPOCH + timedelta(day) for day in days]
    values = {**_named(shoppers), "since": since}
    rows = await connection.execute(_late(oldest), values)
    found, bought_days = await _profiles(connection, shoppers, rows, since)
    return {
        one: _begun(profile, day if day > _day(oldest) else None, bought_days)
        for (one, profile), day in zip(found.items(), days, strict=True)
    }


def _begun(profile: StoredProfile, known: int | None, bought_days: int) -> StoredProfile:
    """The profile with its first day: the one that was known, or that of the oldest action."""
    done = (*profile.feature_words, *profile.titles, *profile.queries)
    times = [ts for _, ts in done] + [
        until - bought_days * DAY_SECONDS for _, until in profile.bought
    ]
    if known is None and times:
        known = int(min(times) // DAY_SECONDS)
    return profile if profile == StoredProfile() else replace(profile, since=known)


def _day(day: date) -> int:
    return (day - date(1970, 1, 1)).days


@lru_cache(maxsize=2)
def _late(oldest: date) -> TextClause:
    bound = f"AND e.ts >= '{oldest} 00:00:00+00' AND e.ts >= s.since"
    return text(_ACTIONS.format(shoppers=SINCE, bound=bound))


async def _profiles(
    connection: AsyncConnection,
    shoppers: Sequence[Shopper],
    rows: Iterable[Any],
    since: Sequence[datetime],
) -> tuple[dict[Shopper, StoredProfile], int]:
    """The profile of each shopper, newest first, of `rows` with what they did.

    Titles are those of the clicked ads' products as the catalogue has them now; selling points
    are counted on the newest pages of the last 30 days. Returns: them, and for how many days at
    most an order keeps ads of its product away.
    """
    done: defaultdict[Shopper, dict[str, Timed]] = defaultdict(dict)
    for store_id, user_id, kind, what, ts in rows:
        done[store_id, user_id][kind] = tuple(zip(what, ts, strict=True))
    seen = await _seen(connection, shoppers)
    limits = await limits_of(connection, shoppers, since)
    profiles = {
        one: replace(
            _profile(done.get(one, {}), seen.get(one, ())),
            capped=limits.capped.get(one, ()),
            bought=limits.bought.get(one, ()),
        )
        for one in shoppers
    }
    return profiles, limits.bought_days


def _profile(done: Mapping[str, Timed], seen: tuple[tuple[str, int], ...]) -> StoredProfile:
    return StoredProfile(
        done.get("feature_word", ()),
        done.get("click", ()),
        done.get("search", ()),
        tuple(dict.fromkeys(ad_id for ad_id, _ in done.get("hide", ()))),
        seen,
    )


async def _seen(
    connection: AsyncConnection, shoppers: Sequence[Shopper]
) -> dict[Shopper, tuple[tuple[str, int], ...]]:
    found: defaultdict[Shopper, Counter[str]] = defaultdict(Counter)
    for store_id, user_id, points in await connection.execute(
        _pages(first_late_day(SEEN_DAYS)), _named(shoppers)
    ):
        found[store_id, user_id].update(points)
    return {shopper: tuple(sorted(points.items())) for shopper, points in found.items()}


def _named(shoppers: Sequence[Shopper]) -> dict[str, list[str]]:
    stores, users = zip(*shoppers, strict=True) if shoppers else ((), ())
    return {"stores": list(stores), "users": list(users)}
