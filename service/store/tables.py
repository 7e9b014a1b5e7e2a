"""The tables of Postgres, as SQLAlchemy Core sees them; `migrations/` creates them."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Double,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    SmallInteger,
    Table,
    Text,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, INT4MULTIRANGE, JSONB, TIMESTAMP

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(column_0_label)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)


_SALT = "decode(replace(gen_random_uuid()::text || gen_random_uuid()::text, '-', ''), 'hex')"


def _time(name: str, *, nullable: bool = False, now: bool = False) -> Column[object]:
    default = func.now() if now else None
    return Column(name, TIMESTAMP(timezone=True), nullable=nullable, server_default=default)


def _texts(name: str) -> Column[list[str]]:
    return Column(name, ARRAY(Text), nullable=False, server_default=text("'{}'"))


def _text(name: str) -> Column[str]:
    return Column(name, Text, nullable=False, server_default=text("''"))


def _store_id() -> Column[str]:
    return Column("store_id", Text, ForeignKey("stores.id", ondelete="CASCADE"), nullable=False)


stores = Table(
    "stores",
    metadata,
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("currency", Text, nullable=False),
    Column("locale", Text, nullable=False),
    Column("site_url", Text, nullable=False),
    # raised by a trigger in the transaction of every write that a snapshot must see
    Column("catalogue_version", BigInteger, nullable=False, server_default=text("1")),
    _time("created_at", now=True),
    # of the hashes that stand for erased shoppers
    Column("salt", LargeBinary, nullable=False, server_default=text(_SALT)),
    Column("attribution_days", SmallInteger, nullable=False, server_default=text("7")),
    Column("view_through_hours", SmallInteger, nullable=False, server_default=text("0")),
    Column("just_bought_days", SmallInteger, nullable=False, server_default=text("30")),
    Column("impression_grace_seconds", Integer, nullable=False, server_default=text("600")),
)

advertisers = Table(
    "advertisers",
    metadata,
    Column("id", Text, primary_key=True),
    _store_id(),
    Column("name", Text, nullable=False),
    _time("created_at", now=True),
    Column("credit_micros", BigInteger),  # the most that it may spend in all; null: on account
    Column("spent_micros", BigInteger, nullable=False, server_default=text("0")),
    Column("refused_micros", BigInteger),
    CheckConstraint(
        "spent_micros >= 0 AND spent_micros <= credit_micros", name="spent_within_credit"
    ),
    Index("ix_advertisers_store_id", "store_id", "id"),
)

api_keys = Table(
    "api_keys",
    metadata,
    Column("id", Text, primary_key=True),
    _store_id(),
    Column("advertiser_id", Text, ForeignKey("advertisers.id", ondelete="CASCADE")),
    _text("name"),
    Column("kind", Text, nullable=False),
    _texts("scopes"),
    Column("sha256", LargeBinary, nullable=False, unique=True),
    _texts("origins"),
    _time("created_at", now=True),
    _time("revoked_at", nullable=True),
    CheckConstraint("kind IN ('publishable', 'secret')", name="kind"),
)

products = Table(
    "products",
    metadata,
    _store_id(),
    Column("product_id", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("link", Text, nullable=False),
    Column("price_micros", BigInteger, nullable=False),
    _text("description"),
    _text("brand"),
    _text("category"),
    _text("image_link"),
    Column("in_stock", Boolean, nullable=False, server_default=text("true")),
    _texts("highlights"),
    Column("attributes", JSONB, nullable=False, server_default=text("'{}'")),
    _time("updated_at", now=True),
    PrimaryKeyConstraint("store_id", "product_id"),
    CheckConstraint("price_micros >= 0", name="price"),
)

campaigns = Table(
    "campaigns",
    metadata,
    Column("id", Text, primary_key=True),
    _store_id(),
    Column(
        "advertiser_id", Text, ForeignKey("advertisers.id", ondelete="CASCADE"), nullable=False
    ),
    Column("name", Text, nullable=False),
    Column("status", Text, nullable=False, server_default=text("'paused'")),
    Column("bid_micros", BigInteger, nullable=False),
    Column("budget_micros", BigInteger, nullable=False),
    Column("spent_micros", BigInteger, nullable=False, server_default=text("0")),
    # the cheapest click that the rest of the budget could not pay; raising the budget outgrows it
    Column("refused_micros", BigInteger),
    _time("starts_at", nullable=True),
    _time("ends_at", nullable=True),
    _texts("platforms"),
    _time("created_at", now=True),
    _time("updated_at", now=True),
    Column("daily_budget_micros", BigInteger),
    Column("time_zone", Text, nullable=False, server_default=text("'UTC'")),
    # minutes of the week in that zone, from Monday 00:00; none is always
    Column("schedule", INT4MULTIRANGE, nullable=False, server_default=text("'{}'")),
    Column("pricing", Text, nullable=False, server_default=text("'click'")),
    Column("pacing", Text, nullable=False, server_default=text("'even'")),
    Column("target_roas_ppm", BigInteger),
    Column("cap_impressions", Integer),
    Column("cap_seconds", Integer),
    Column("attribution_days", SmallInteger),  # null: the store's
    Column("view_through_hours", SmallInteger),
    CheckConstraint("status IN ('paused', 'active', 'ended')", name="status"),
    CheckConstraint("bid_micros > 0", name="bid"),
    CheckConstraint("spent_micros BETWEEN 0 AND budget_micros", name="spent_within_budget"),
    Index("ix_campaigns_store_id", "store_id"),
)

keywords = Table(
    "keywords",
    metadata,
    Column("campaign_id", Text, ForeignKey("campaigns.id", ondelete="CASCADE"), nullable=False),
    Column("text", Text, nullable=False),
    Column("match_type", Text, nullable=False),
    Column("negative", Boolean, nullable=False, server_default=text("false")),
    Column("id", Text, nullable=False, unique=True, server_default=text("new_id('kw')")),
    PrimaryKeyConstraint("campaign_id", "text", "match_type", "negative"),
    CheckConstraint("match_type IN ('exact', 'phrase', 'broad')", name="match_type"),
)

ads = Table(
    "ads",
    metadata,
    Column("id", Text, primary_key=True),
    Column("store_id", Text, nullable=False),
    Column("campaign_id", Text, ForeignKey("campaigns.id", ondelete="CASCADE"), nullable=False),
    Column("product_id", Text, nullable=False),
    Column("bid_micros", BigInteger),
    Column("active", Boolean, nullable=False, server_default=text("true")),
    ForeignKeyConstraint(
        ["store_id", "product_id"],
        ["products.store_id", "products.product_id"],
        name="fk_ads_product",
        ondelete="CASCADE",
    ),
    CheckConstraint("bid_micros > 0", name="bid"),
    Index("ix_ads_campaign_id", "campaign_id"),
    Index("ix_ads_product", "store_id", "product_id"),
    Index("ix_ads_store_id", "store_id", "id"),
)

placements = Table(
    "placements",
    metadata,
    _store_id(),
    Column("name", Text, nullable=False),
    Column("platform", Text, nullable=False),
    Column("slots", SmallInteger, nullable=False),
    Column("reserve_micros", BigInteger, nullable=False),
    Column("title_limit", SmallInteger, nullable=False, server_default=text("150")),
    Column("selling_point_cap", SmallInteger, nullable=False, server_default=text("2")),
    Column("phrase_style", Text, nullable=False, server_default=text("'in_place'")),
    Column("phrase_position", Text, nullable=False, server_default=text("'prefix'")),
    Column("rule", Text, nullable=False, server_default=text("'gsp'")),
    Column("squash_ppm", Integer, nullable=False, server_default=text("1000000")),
    Column("relevance_floor_ppm", Integer, nullable=False, server_default=text("0")),
    Column("exposure_ppm", ARRAY(Integer), nullable=False, server_default=text("'{}'")),
    PrimaryKeyConstraint("store_id", "name"),
    CheckConstraint("reserve_micros >= 0", name="reserve"),
    CheckConstraint("slots BETWEEN 1 AND 50", name="slots"),
)

# only what was said of a platform: it exists by being named
platforms = Table(
    "platforms",
    metadata,
    _store_id(),
    Column("name", Text, nullable=False),
    Column("title_limit", SmallInteger),
    PrimaryKeyConstraint("store_id", "name"),
)

decisions = Table(
    "decisions",
    metadata,
    Column("store_id", Text, nullable=False),
    _time("ts"),
    Column("request_id", Text, nullable=False),
    Column("payload", JSONB, nullable=False),
    PrimaryKeyConstraint("store_id", "ts", "request_id"),
    Index(
        "ix_decisions_user",
        "store_id",
        text("(payload #>> '{request,user_id}')"),
        "ts",
        postgresql_where=text("(payload #>> '{request,user_id}') IS NOT NULL"),
    ),
    postgresql_partition_by="RANGE (ts)",
)

events = Table(
    "events",
    metadata,
    Column("store_id", Text, nullable=False),
    _time("ts"),
    Column("type", Text, nullable=False),
    Column("event_key", Text, nullable=False),
    _time("received_at"),
    Column("request_id", Text),
    Column("impression_id", Text),
    Column("user_id", Text),
    Column("session", Text),
    Column("ad_id", Text),
    Column("campaign_id", Text),
    Column("product_id", Text),
    Column("slot", SmallInteger),
    Column("price_micros", BigInteger),
    Column("query", Text),
    Column("feature_word", Text),
    Column("action", Text),
    Column("position", SmallInteger),
    Column("value_micros", BigInteger),
    Column("currency", Text),
    Column("order_id", Text),
    Column("line", Text),
    Column("quantity", Double),
    Column("invalid_reason", Text),
    Column("payload", JSONB, nullable=False, server_default=text("'{}'")),
    PrimaryKeyConstraint("store_id", "ts", "type", "event_key"),
    Index(
        "ix_events_user",
        "store_id",
        "user_id",
        "ts",
        postgresql_where=text("user_id IS NOT NULL"),
    ),
    Index(
        "ix_events_shopper",
        "store_id",
        "user_id",
        "type",
        "ts",
        "event_key",
        # what profiles are made of; `shoppers.py` asks in the same words
        postgresql_where=text(
            "user_id IS NOT NULL AND invalid_reason IS NULL"
            " AND (type IN ('click', 'search', 'hide') OR action = 'clicked')"
        ),
    ),
    postgresql_partition_by="RANGE (ts)",
)

# `events` cannot keep a key unique over time; callers that retry may give another time
event_keys = Table(
    "event_keys",
    metadata,
    Column("store_id", Text, nullable=False),
    Column("type", Text, nullable=False),
    Column("event_key", Text, nullable=False),
    _time("ts"),
    # of conversions and returns: when to look for the ad behind it; null: there is a verdict
    _time("attribute_at", nullable=True, now=True),
    PrimaryKeyConstraint("store_id", "type", "event_key"),
)

jobs = Table(
    "jobs",
    metadata,
    Column("id", Text, primary_key=True),
    _store_id(),
    Column("kind", Text, nullable=False),
    Column("status", Text, nullable=False, server_default=text("'queued'")),
    Column("progress", Double, nullable=False, server_default=text("0")),
    Column("result", JSONB, nullable=False, server_default=text("'{}'")),
    _time("created_at", now=True),
    _time("updated_at", now=True),
    _text("key_id"),  # the API key that asked for it
    Column("advertiser_id", Text),  # whose it is; null is the whole store's
    Column("spec", JSONB, nullable=False, server_default=text("'{}'")),
    # counted up by each worker that takes it: one that lost its lease writes nothing more
    Column("attempt", Integer, nullable=False, server_default=text("0")),
    _time("leased_until", nullable=True),
    Column("lines", BigInteger, nullable=False, server_default=text("0")),  # done and committed
    Column("error", Text),
    _time("started_at", nullable=True),
    _time("finished_at", nullable=True),
    CheckConstraint("status IN ('queued', 'running', 'done', 'failed')", name="status"),
    Index("ix_jobs_store_id", "store_id", "id"),
    Index(
        "ix_jobs_unfinished",
        "created_at",
        "id",
        postgresql_where=text("status IN ('queued', 'running')"),
    ),
)

# the bytes that were uploaded; they may come before their job and go when it is done
job_chunks = Table(
    "job_chunks",
    metadata,
    Column("job_id", Text, nullable=False),
    Column("number", Integer, nullable=False),
    Column("body", LargeBinary, nullable=False),
    _time("created_at", now=True),
    PrimaryKeyConstraint("job_id", "number"),
)

job_findings = Table(
    "job_findings",
    metadata,
    Column("job_id", Text, ForeignKey("jobs.id", ondelete="CASCADE"), nullable=False),
    Column("number", Integer, nullable=False),
    Column("line", BigInteger, nullable=False),
    Column("severity", Text, nullable=False),
    Column("field", Text, nullable=False),
    Column("received", Text, nullable=False),
    Column("advice", Text, nullable=False),
    PrimaryKeyConstraint("job_id", "number"),
    CheckConstraint("severity IN ('error', 'warning')", name="severity"),
)

dead_letters = Table(
    "dead_letters",
    metadata,
    Column("entry_id", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("error", Text, nullable=False),
    Column("tries", Integer, nullable=False),
    _time("died_at", now=True),
)
