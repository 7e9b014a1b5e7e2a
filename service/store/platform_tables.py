"""What platforms report, how budgets are spread over them, and what each may spend a day."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    Double,
    ForeignKey,
    Index,
    Integer,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from service.store.tables import _store_id, _time, metadata


def _count(name: str) -> Column[int]:
    return Column(name, BigInteger, nullable=False, server_default=text("0"))


def _shares(name: str) -> Column[dict[str, int]]:
    return Column(name, JSONB, nullable=False, server_default=text("'{}'"))


platform_results = Table(
    "platform_results",
    metadata,
    _store_id(),
    Column("platform", Text, nullable=False),
    # null: of the whole store
    Column("campaign_id", Text, ForeignKey("campaigns.id", ondelete="CASCADE")),
    _time("hour"),  # when it begins
    Column("source", Text, nullable=False),  # reported by the shop, or our own events
    _count("spend_micros"),
    _count("impressions"),
    _count("clicks"),
    _count("conversions"),
    _time("updated_at", now=True),
    UniqueConstraint(
        "store_id",
        "platform",
        "campaign_id",
        "hour",
        "source",
        postgresql_nulls_not_distinct=True,
    ),
    CheckConstraint("source IN ('reported', 'own')", name="source"),
    Index(
        "ix_platform_results_campaign_id",
        "campaign_id",
        "hour",
        postgresql_include=[
            "platform",
            "source",
            "spend_micros",
            "impressions",
            "clicks",
            "conversions",
        ],
    ),
)

platform_news = Table(
    "platform_news",
    metadata,
    Column("campaign_id", Text, ForeignKey("campaigns.id", ondelete="CASCADE"), primary_key=True),
    _time("told_at"),
    # of own events: a number that stands for what their full hours came to
    Column("counted", BigInteger),
)

platform_counts = Table(
    "platform_counts",
    metadata,
    Column("store_id", Text, ForeignKey("stores.id", ondelete="CASCADE"), primary_key=True),
    _time("counted_until"),
)

allocation_policies = Table(
    "allocation_policies",
    metadata,
    Column("campaign_id", Text, ForeignKey("campaigns.id", ondelete="CASCADE"), primary_key=True),
    Column("mode", Text, nullable=False),
    Column("goal", Text, nullable=False),
    # {platform: parts per million of the budget}
    _shares("shares_ppm"),
    _shares("floors_ppm"),
    _shares("caps_ppm"),
    Column("max_change_ppm", Integer),
    Column("explore", Boolean, nullable=False, server_default=text("true")),
    _time("updated_at", now=True),
    CheckConstraint("mode IN ('auto', 'fixed')", name="mode"),
    CheckConstraint("goal IN ('clicks', 'conversions')", name="goal"),
)

allocations = Table(
    "allocations",
    metadata,
    Column("id", Text, primary_key=True, server_default=text("new_id('alc')")),
    Column("campaign_id", Text, ForeignKey("campaigns.id", ondelete="CASCADE"), nullable=False),
    Column("day", Date, nullable=False),  # of the campaign's zone
    Column("cause", Text, nullable=False),
    Column("budget_micros", BigInteger, nullable=False),
    Column("goal", Text, nullable=False),
    Column("model", Text, nullable=False),
    Column("gap", Double, nullable=False),  # to the dual bound, relative
    _time("created_at", now=True),
    CheckConstraint("cause IN ('periodic', 'shock', 'asked')", name="cause"),
    CheckConstraint("goal IN ('clicks', 'conversions')", name="goal"),
    Index("ix_allocations_campaign_id", "campaign_id", "created_at", "id"),
)

allocation_lines = Table(
    "allocation_lines",
    metadata,
    Column(
        "allocation_id", Text, ForeignKey("allocations.id", ondelete="CASCADE"), nullable=False
    ),
    Column("platform", Text, nullable=False),
    Column("spend_micros", BigInteger, nullable=False),
    Column("share_ppm", Integer, nullable=False),
    Column("predicted", Double, nullable=False),  # of the goal, that day
    Column("predicted_sd", Double, nullable=False),
    Column("reason", Text, nullable=False),
    Column("detail", Text, nullable=False),
    PrimaryKeyConstraint("allocation_id", "platform"),
)

campaign_platform_days = Table(
    "campaign_platform_days",
    metadata,
    Column("campaign_id", Text, ForeignKey("campaigns.id", ondelete="CASCADE"), nullable=False),
    Column("day", Date, nullable=False),
    Column("platform", Text, nullable=False),
    Column("limit_micros", BigInteger),  # null: as much as the campaign has
    Column("spent_micros", BigInteger, nullable=False, server_default=text("0")),
    Column("refused_micros", BigInteger),
    PrimaryKeyConstraint("campaign_id", "day", "platform"),
    CheckConstraint(
        "spent_micros >= 0 AND spent_micros <= limit_micros", name="spent_within_limit"
    ),
)

# changes of what a platform brings, as plans were made for
platform_shocks = Table(
    "platform_shocks",
    metadata,
    Column("campaign_id", Text, ForeignKey("campaigns.id", ondelete="CASCADE"), nullable=False),
    Column("platform", Text, nullable=False),
    _time("since"),  # the hour in which it began, most likely
    _time("seen"),  # the hour in which it was told from chance
    Column("ratio", Double, nullable=False),  # what it brings since, of what was expected
    Column("statistic", Double, nullable=False),
    _time("noticed_at", now=True),
    PrimaryKeyConstraint("campaign_id", "platform", "seen"),
    CheckConstraint("ratio >= 0", name="ratio"),
)
