"""Keywords of campaigns: one query a function."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import delete, func, select, text, update

from service.store.tables import campaigns, keywords

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy import RowMapping
    from sqlalchemy.ext.asyncio import AsyncConnection

_ADD: Final = text(  # one statement, so that the snapshot's version rises once
    "INSERT INTO keywords (campaign_id, id, text, match_type, negative)"
    " SELECT :campaign_id, * FROM unnest(CAST(:ids AS text[]), CAST(:texts AS text[]),"
    " CAST(:match_types AS text[]), CAST(:negatives AS boolean[]))"
)
_KNOWN: Final = text(
    "SELECT text, match_type, negative FROM keywords"
    " WHERE campaign_id = :campaign_id AND text = ANY(:texts)"
)


@dataclass(frozen=True, slots=True)
class KeywordRow:
    """A keyword as it is kept."""

    id: str
    text: str
    match_type: str
    negative: bool


async def add_keywords(
    connection: AsyncConnection, campaign_id: str, rows: Sequence[KeywordRow]
) -> None:
    """Add `rows`, all of them new."""
    if rows:
        values = {
            "campaign_id": campaign_id,
            "ids": [row.id for row in rows],
            "texts": [row.text for row in rows],
            "match_types": [row.match_type for row in rows],
            "negatives": [row.negative for row in rows],
        }
        await connection.execute(_ADD, values)


async def known_keywords(
    connection: AsyncConnection, campaign_id: str, texts: Sequence[str]
) -> set[tuple[str, str, bool]]:
    """Those of the campaign's keywords with one of `texts`: (text, match type, negative)."""
    values = {"campaign_id": campaign_id, "texts": list(texts)}
    return {tuple(row) for row in await connection.execute(_KNOWN, values)}


async def count_keywords(connection: AsyncConnection, campaign_id: str) -> int:
    """How many keywords the campaign has, negatives too."""
    here = keywords.c.campaign_id == campaign_id
    statement = select(func.count()).select_from(keywords).where(here)
    return (await connection.execute(statement)).scalar_one()


async def keywords_page(
    connection: AsyncConnection, campaign_id: str, *, after: str, limit: int
) -> list[RowMapping]:
    """The campaign's keywords by id, those past `after`."""
    here = (keywords.c.campaign_id == campaign_id, keywords.c.id > after)
    statement = select(keywords).where(*here).order_by(keywords.c.id).limit(limit)
    return list((await connection.execute(statement)).mappings())


async def get_keyword(
    connection: AsyncConnection, store_id: str, keyword_id: str, *, lock: bool = False
) -> RowMapping | None:
    """The store's keyword of this id, with its `advertiser_id`; locked, if asked."""
    statement = (
        select(*keywords.columns, campaigns.c.advertiser_id)
        .join(campaigns, campaigns.c.id == keywords.c.campaign_id)
        .where(keywords.c.id == keyword_id, campaigns.c.store_id == store_id)
    )
    if lock:
        statement = statement.with_for_update(of=keywords)
    return (await connection.execute(statement)).mappings().one_or_none()


async def change_keyword(
    connection: AsyncConnection, keyword_id: str, values: Mapping[str, Any]
) -> None:
    """Give it these `values`."""
    here = keywords.c.id == keyword_id
    await connection.execute(update(keywords).where(here).values(**values))


async def remove_keyword(connection: AsyncConnection, keyword_id: str) -> None:
    """Remove it."""
    await connection.execute(delete(keywords).where(keywords.c.id == keyword_id))
