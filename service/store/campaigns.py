"""What merchants book: advertisers, campaigns with keywords, ads; and the shop's placements."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import Text, any_, cast, exists, func, select, text
from sqlalchemy.dialects.postgresql import ARRAY, insert

from service.decision.terms import (
    Ad,
    AuctionRule,
    Campaign,
    CampaignStatus,
    Keyword,
    MatchType,
    Micros,
    PhrasePosition,
    PhraseStyle,
    Placement,
    Pricing,
)
from service.errors import BadInputError
from service.store.copying import copy_in
from service.store.events import moment
from service.store.money_tables import charges
from service.store.tables import ads, advertisers, campaigns, keywords, placements, platforms

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from sqlalchemy import ColumnElement, Table
    from sqlalchemy.ext.asyncio import AsyncConnection

_CAMPAIGN: Final = (
    "id",
    "advertiser_id",
    "name",
    "status",
    "bid_micros",
    "budget_micros",
    "starts_at",
    "ends_at",
    "platforms",
)
_SPENDING: Final = ("spent_micros", "pricing", "cap_impressions", "cap_seconds")
_AD: Final = ("id", "campaign_id", "product_id", "bid_micros", "active")


def _upsert(table: str, columns: Sequence[str]) -> str:
    """INSERT what was copied in; rows that are there already and equal are left alone."""
    names = ", ".join(columns)
    data, new = ", ".join(columns[1:]), ", ".join(f"excluded.{name}" for name in columns[1:])
    held = ", ".join(f"{table}.{name}" for name in columns[1:])
    return (
        f"INSERT INTO {table} (store_id, {names}) SELECT store_id, {names}"
        # in one order, so that two imports never wait for each other in a ring
        f" FROM incoming_{table} ORDER BY id ON CONFLICT (id) DO UPDATE SET ({data}) = ROW ({new})"
        f" WHERE ({held}) IS DISTINCT FROM ({new})"
    )


_UPSERT_CAMPAIGNS: Final = _upsert("campaigns", _CAMPAIGN)
_UPSERT_ADS: Final = _upsert("ads", _AD)


async def put_advertisers(
    connection: AsyncConnection, store_id: str, batch: Iterable[tuple[str, str]]
) -> int:
    """Insert or rename advertisers given as (id, name); returns how many were given."""
    rows = [{"id": key, "store_id": store_id, "name": name} for key, name in sorted(batch)]
    await _refuse_strangers(connection, advertisers, store_id, [row["id"] for row in rows])
    statement = insert(advertisers)
    renamed = statement.on_conflict_do_update(
        index_elements=["id"], set_={"name": statement.excluded.name}
    )
    if rows:
        await connection.execute(renamed, rows)
    return len(rows)


async def put_campaigns(
    connection: AsyncConnection, store_id: str, batch: Iterable[Campaign]
) -> int:
    """Insert or change campaigns with their keywords; `spent` is the ledger's and stays.

    How they spend, their pricing and cap among it, is `put_terms`'s.

    Returns: how many were given.
    Raises: BadInputError for an advertiser of another store, a budget below what is spent, and
    another advertiser than the one whose campaign was charged.
    """
    last = {campaign.campaign_id: campaign for campaign in batch}
    if not last:
        return 0
    await _refuse_strangers(connection, campaigns, store_id, list(last))
    await _require(connection, advertisers, store_id, {c.advertiser_id for c in last.values()})
    await _refuse_against_ledger(connection, last)
    rows = (_campaign_row(store_id, campaign) for campaign in last.values())
    cursor = await copy_in(connection, campaigns, ("store_id", *_CAMPAIGN), rows)
    await cursor.execute(_UPSERT_CAMPAIGNS)
    await _put_keywords(connection, last)
    return len(last)


def _campaign_row(store_id: str, campaign: Campaign) -> tuple[object, ...]:
    return (
        store_id,
        campaign.campaign_id,
        campaign.advertiser_id,
        campaign.name,
        campaign.status.value,
        campaign.bid,
        campaign.budget,
        _moment(campaign.starts_at),
        _moment(campaign.ends_at),
        list(campaign.platforms),
    )


async def _put_keywords(connection: AsyncConnection, batch: dict[str, Campaign]) -> None:
    """Make the campaigns' keywords those given, touching only the difference."""
    wanted = {
        (campaign_id, keyword.text, keyword.match_type.value, keyword.negative)
        for campaign_id, campaign in batch.items()
        for keyword in campaign.keywords
    }
    names = "campaign_id, text, match_type, negative"
    cursor = await copy_in(connection, keywords, names.split(", "), wanted)
    await cursor.execute(
        f"DELETE FROM keywords WHERE campaign_id = ANY(%s)"
        f" AND ({names}) NOT IN (SELECT {names} FROM incoming_keywords)",
        [list(batch)],
    )
    await cursor.execute(
        f"INSERT INTO keywords ({names}) SELECT {names} FROM incoming_keywords"
        " ON CONFLICT DO NOTHING"
    )


async def put_ads(connection: AsyncConnection, store_id: str, batch: Iterable[Ad]) -> int:
    """Insert or change ads; returns how many were given.

    Raises: BadInputError for a campaign or product that the store does not have.
    """
    last = {ad.ad_id: ad for ad in batch}
    if not last:
        return 0
    await _refuse_strangers(connection, ads, store_id, list(last))
    await _require(connection, campaigns, store_id, {ad.campaign_id for ad in last.values()})
    await _require_products(connection, store_id, {ad.product_id for ad in last.values()})
    rows = (
        (store_id, ad.ad_id, ad.campaign_id, ad.product_id, ad.bid, ad.active)
        for ad in last.values()
    )
    cursor = await copy_in(connection, ads, ("store_id", *_AD), rows)
    await cursor.execute(_UPSERT_ADS)
    return len(last)


async def put_placements(
    connection: AsyncConnection, store_id: str, batch: Iterable[Placement]
) -> int:
    """Insert or change placements; returns how many were given."""
    rows = [
        {
            "store_id": store_id,
            "name": placement.name,
            "platform": placement.platform,
            "slots": placement.slots,
            "reserve_micros": placement.reserve,
            "title_limit": placement.title_limit,
            "selling_point_cap": placement.selling_point_cap,
            "phrase_style": placement.phrase_style.value,
            "phrase_position": placement.phrase_position.value,
            "rule": placement.rule.value,
            "squash_ppm": placement.squash_ppm,
            "relevance_floor_ppm": placement.relevance_floor_ppm,
            "exposure_ppm": list(placement.exposure_ppm),
        }
        for placement in batch
    ]
    statement = insert(placements)
    changed = {
        column.name: statement.excluded[column.name]
        for column in placements.columns
        if not column.primary_key
    }
    upsert = statement.on_conflict_do_update(index_elements=["store_id", "name"], set_=changed)
    if rows:
        await connection.execute(upsert, rows)
    return len(rows)


async def load_campaigns(connection: AsyncConnection, store_id: str) -> list[Campaign]:
    """The store's campaigns with their keywords, in the order of their ids."""
    words: defaultdict[str, list[Keyword]] = defaultdict(list)
    found = await connection.execute(
        select(keywords.c.campaign_id, keywords.c.text, keywords.c.match_type, keywords.c.negative)
        .join(campaigns, campaigns.c.id == keywords.c.campaign_id)
        .where(campaigns.c.store_id == store_id)
        .order_by(keywords.c.campaign_id, keywords.c.text, keywords.c.match_type)
    )
    for campaign_id, word, match_type, negative in found:
        words[campaign_id].append(Keyword(word, MatchType(match_type), negative))
    chosen = [campaigns.c[name] for name in (*_CAMPAIGN, *_SPENDING)]
    statement = select(*chosen).where(campaigns.c.store_id == store_id).order_by(campaigns.c.id)
    return [
        _campaign(row, tuple(words.get(row[0], ()))) for row in await connection.execute(statement)
    ]


def _campaign(row: Any, words: tuple[Keyword, ...]) -> Campaign:
    return Campaign(
        campaign_id=row.id,
        advertiser_id=row.advertiser_id,
        name=row.name,
        status=CampaignStatus(row.status),
        bid=Micros(row.bid_micros),
        budget=Micros(row.budget_micros),
        spent=Micros(row.spent_micros),
        starts_at=row.starts_at and row.starts_at.timestamp(),
        ends_at=row.ends_at and row.ends_at.timestamp(),
        platforms=tuple(row.platforms),
        keywords=words,
        pricing=Pricing(row.pricing),
        cap=row.cap_impressions and (row.cap_impressions, row.cap_seconds),
    )


async def load_ads(connection: AsyncConnection, store_id: str) -> list[Ad]:
    """The store's ads, in the order of their ids."""
    chosen = [ads.c[name] for name in _AD]
    statement = select(*chosen).where(ads.c.store_id == store_id).order_by(ads.c.id)
    return [Ad(*row) for row in await connection.execute(statement)]


async def load_placements(connection: AsyncConnection, store_id: str) -> list[Placement]:
    """The store's placements, by name, each with the title limit that holds there.

    That is its own or its platform's, the shorter of them.
    """
    own = [one for one in placements.columns if one.name not in {"store_id", "title_limit"}]
    limit = func.least(placements.c.title_limit, platforms.c.title_limit).label("title_limit")
    same = (platforms.c.store_id == placements.c.store_id) & (
        platforms.c.name == placements.c.platform
    )
    statement = (
        select(*own, limit)
        .select_from(placements.outerjoin(platforms, same))
        .where(placements.c.store_id == store_id)
        .order_by(placements.c.name)
    )
    return [_placement(row) for row in await connection.execute(statement)]


def _placement(row: Any) -> Placement:
    values = row._asdict() | {
        "phrase_style": PhraseStyle(row.phrase_style),
        "phrase_position": PhrasePosition(row.phrase_position),
        "rule": AuctionRule(row.rule),
        "exposure_ppm": tuple(row.exposure_ppm),
    }
    return Placement(reserve=Micros(values.pop("reserve_micros")), **values)


def _among(table: Table, ids: Iterable[str]) -> ColumnElement[bool]:
    """Whether the row's id is one of `ids`, which are one parameter: Postgres takes 65,535."""
    return table.c.id == any_(cast(list(ids), ARRAY(Text)))


async def _refuse_strangers(
    connection: AsyncConnection, table: Table, store_id: str, ids: Sequence[str]
) -> None:
    statement = select(table.c.id).where(_among(table, ids), table.c.store_id != store_id)
    if taken := (await connection.execute(statement.limit(3))).scalars().all():
        raise BadInputError(f"these {table.name} belong to another store: {list(taken)}")


async def _require(
    connection: AsyncConnection, table: Table, store_id: str, ids: set[str]
) -> None:
    statement = select(table.c.id).where(_among(table, ids), table.c.store_id == store_id)
    if missing := sorted(ids - set((await connection.execute(statement)).scalars())):
        raise BadInputError(f"the store has no {table.name} with ids {missing[:3]}")


async def _require_products(connection: AsyncConnection, store_id: str, ids: set[str]) -> None:
    statement = text(
        "SELECT wanted.id FROM unnest(CAST(:ids AS text[])) AS wanted (id) WHERE NOT EXISTS"
        " (SELECT FROM products WHERE store_id = :store_id AND product_id = wanted.id) LIMIT 3"
    )
    found = await connection.execute(statement, {"ids": list(ids), "store_id": store_id})
    if missing := found.scalars().all():
        raise BadInputError(f"the store has no products with ids {list(missing)}")


async def _refuse_against_ledger(connection: AsyncConnection, batch: dict[str, Campaign]) -> None:
    here = _among(campaigns, batch)
    # in the ledger's order, so that the two never wait for each other in a ring
    columns = campaigns.c
    statement = select(columns.id, columns.spent_micros, columns.advertiser_id).where(here)
    locked = statement.order_by(columns.id).with_for_update()
    rows = (await connection.execute(locked)).all()
    for campaign_id, spent, _ in rows:
        if batch[campaign_id].budget < spent:
            raise BadInputError(
                f"the budget of {campaign_id}, {batch[campaign_id].budget}, is below the"
                f" {spent} that it has spent"
            )
    moving = [row.id for row in rows if batch[row.id].advertiser_id != row.advertiser_id]
    charged = exists().where(charges.c.campaign_id == columns.id)
    refused = await connection.execute(
        select(columns.id).where(_among(campaigns, moving), charged)
    )
    if named := refused.scalars().first():
        raise BadInputError(
            f"{named} has charges, which its advertiser paid: it may not move to another one;"
            " book a new campaign"
        )


def _moment(seconds: float | None) -> datetime | None:
    return None if seconds is None else moment(seconds)
