"""The tables of what people said of selling points, and of the rules for them."""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from service.store.tables import _store_id, _texts, _time, metadata

# no foreign key to products: what is banned stays banned when a feed brings the product back
selling_point_verdicts = Table(
    "selling_point_verdicts",
    metadata,
    _store_id(),
    Column("product_id", Text, nullable=False),
    Column("selling_point_id", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("state", Text, nullable=False),
    _time("updated_at", now=True),
    Column("advertiser_id", Text),  # who said it; null: the store
    PrimaryKeyConstraint("store_id", "product_id", "selling_point_id"),
    CheckConstraint("state IN ('approved', 'locked', 'banned')", name="state"),
    Index("ix_selling_point_verdicts_updated_at", "updated_at"),
)

selling_point_rules = Table(
    "selling_point_rules",
    metadata,
    _store_id(),
    # null: the store's own
    Column("advertiser_id", Text, ForeignKey("advertisers.id", ondelete="CASCADE")),
    _texts("banned"),
    _texts("allowed"),
    Column("opted_out", Boolean, nullable=False, server_default=text("false")),
    _time("updated_at", now=True),
    UniqueConstraint("store_id", "advertiser_id", postgresql_nulls_not_distinct=True),
)
