"""What shoppers did lately, read back from their events."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING

from sqlalchemy import text

from service.contract.history import HISTORY_LIMIT, QUERY_LIMIT, TITLE_LIMIT
from service.store.profiles import StoredProfile

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from sqlalchemy import TextClause
    from sqlalchemy.ext.asyncio import AsyncConnection

    from service.store.profiles import Timed


def _newest(what: str, where: str, *, join: str = "", limit: int) -> TextClause:
    """A statement for the newest `limit` of `what` of each shopper, with their times.

    Its conditions repeat those of ix_events_shopper, so that `limit` rows of it are all it reads.
    """
    return text(
        f"SELECT shopper.user_id, done.what, extract(epoch FROM done.ts)::float8"
        f" FROM unnest(CAST(:user_ids AS text[])) AS shopper (user_id)"
        f" CROSS JOIN LATERAL ("
        f"  SELECT {what} AS what, e.ts FROM events e {join}"
        f"  WHERE e.store_id = :store_id AND e.user_id = shopper.user_id AND {where}"
        f"  AND {_INDEXED}"
        f"  ORDER BY e.ts DESC, e.event_key DESC LIMIT {limit}) AS done"
    )


_INDEXED = (
    "e.user_id IS NOT NULL AND e.invalid_reason IS NULL"
    " AND (e.type IN ('click', 'search', 'hide') OR e.action = 'clicked')"
)
_FEATURE_WORDS = _newest(
    "e.feature_word",
    "e.type = 'feature_word' AND e.action = 'clicked' AND e.feature_word IS NOT NULL",
    limit=HISTORY_LIMIT,
)
_TITLES = _newest(
    "p.title",
    "e.type = 'click'",
    join="JOIN products p ON p.store_id = e.store_id AND p.product_id = e.product_id",
    limit=TITLE_LIMIT,
)
_QUERIES = _newest("e.query", "e.type = 'search' AND e.query IS NOT NULL", limit=QUERY_LIMIT)
SEEN_DECISIONS = 20
SEEN_DAYS = 30
_SEEN = text(
    "SELECT shopper.user_id,"
    " jsonb_path_query_array(page.payload, '$.awards[*].chosen[*].text') AS points"
    " FROM unnest(CAST(:user_ids AS text[])) AS shopper (user_id)"
    " CROSS JOIN LATERAL ("
    "  SELECT d.payload FROM decisions d WHERE d.store_id = :store_id"
    "  AND d.payload #>> '{request,user_id}' = shopper.user_id"
    "  AND d.payload #>> '{request,user_id}' IS NOT NULL"
    f"  AND d.ts > now() - interval '{SEEN_DAYS} days'"
    f"  ORDER BY d.ts DESC LIMIT {SEEN_DECISIONS}) AS page"
)
_HIDDEN = _newest("e.ad_id", "e.type = 'hide' AND e.ad_id IS NOT NULL", limit=200)


async def recent_actions(
    connection: AsyncConnection, store_id: str, user_ids: Iterable[str]
) -> dict[str, StoredProfile]:
    """The profile of each of `user_ids`, as the events have it; newest first.

    Titles are those of the clicked ads' products as the catalogue has them now; selling points
    are counted on the newest pages of the last 30 days.
    """
    shoppers = list(user_ids)
    values = {"store_id": store_id, "user_ids": shoppers}
    words = await _lists(connection, _FEATURE_WORDS, values)
    titles = await _lists(connection, _TITLES, values)
    queries = await _lists(connection, _QUERIES, values)
    hidden = await _lists(connection, _HIDDEN, values)
    seen = await _seen(connection, values)
    return {
        user_id: StoredProfile(
            words.get(user_id, ()),
            titles.get(user_id, ()),
            queries.get(user_id, ()),
            tuple(dict.fromkeys(ad_id for ad_id, _ in hidden.get(user_id, ()))),
            seen.get(user_id, ()),
        )
        for user_id in shoppers
    }


async def _lists(
    connection: AsyncConnection, statement: TextClause, values: Mapping[str, object]
) -> dict[str, Timed]:
    found: defaultdict[str, list[tuple[str, float]]] = defaultdict(list)
    for user_id, what, ts in await connection.execute(statement, values):
        found[user_id].append((what, ts))
    return {user_id: tuple(done) for user_id, done in found.items()}


async def _seen(
    connection: AsyncConnection, values: Mapping[str, object]
) -> dict[str, tuple[tuple[str, int], ...]]:
    found: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for user_id, points in await connection.execute(_SEEN, values):
        found[user_id].update(points)
    return {user_id: tuple(sorted(points.items())) for user_id, points in found.items()}
