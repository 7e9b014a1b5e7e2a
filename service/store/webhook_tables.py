"""The tables of webhooks, of what there is to tell, and of who was told."""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB, TIMESTAMP

from service.store.tables import _store_id, _texts, _time, metadata

webhooks = Table(
    "webhooks",
    metadata,
    Column("id", Text, primary_key=True),
    _store_id(),
    Column("advertiser_id", Text, ForeignKey("advertisers.id", ondelete="CASCADE")),
    Column("url", Text, nullable=False),
    _texts("events"),
    Column("active", Boolean, nullable=False, server_default=text("true")),
    Column("secret", Text, nullable=False),
    _time("created_at", now=True),
    Index("ix_webhooks_store_id", "store_id", "id"),
)

webhook_events = Table(
    "webhook_events",
    metadata,
    Column("id", Text, primary_key=True),
    _store_id(),
    Column("advertiser_id", Text),  # whose keys' webhooks hear of it, beside the store's own
    Column("type", Text, nullable=False),
    Column("about", Text, nullable=False),  # tells repeats: each thing is told once
    Column("data", JSONB, nullable=False),
    _time("created_at", now=True),
    UniqueConstraint("store_id", "type", "about"),
)

webhook_deliveries = Table(
    "webhook_deliveries",
    metadata,
    Column("id", Text, primary_key=True),
    Column("webhook_id", Text, ForeignKey("webhooks.id", ondelete="CASCADE"), nullable=False),
    Column("event_id", Text, ForeignKey("webhook_events.id", ondelete="CASCADE"), nullable=False),
    Column("status", Text, nullable=False, server_default=text("'waiting'")),
    Column("tries", Integer, nullable=False, server_default=text("0")),
    Column("next_try_at", TIMESTAMP(timezone=True), server_default=func.now()),
    Column("last_status", SmallInteger),  # of HTTP
    Column("last_error", Text),
    _time("created_at", now=True),
    _time("delivered_at", nullable=True),
    CheckConstraint("status IN ('waiting', 'delivered', 'given_up')", name="status"),
    Index("ix_webhook_deliveries_webhook_id", "webhook_id", "id"),
    Index("ix_webhook_deliveries_event_id", "event_id"),
    Index(
        "ix_webhook_deliveries_waiting",
        "next_try_at",
        postgresql_where=text("status = 'waiting'"),
    ),
)
