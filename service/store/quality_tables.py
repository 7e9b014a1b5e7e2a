"""What ads were shown and clicked, summed up for their quality: no shopper stands in here."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    Date,
    Double,
    ForeignKey,
    Index,
    PrimaryKeyConstraint,
    SmallInteger,
    Table,
    Text,
)

from service.store.tables import _time, metadata

quality_counts = Table(
    "quality_counts",
    metadata,
    Column("store_id", Text, ForeignKey("stores.id", ondelete="CASCADE"), primary_key=True),
    _time("counted_until"),
)

ad_slot_days = Table(
    "ad_slot_days",
    metadata,
    Column("ad_id", Text, ForeignKey("ads.id", ondelete="CASCADE"), nullable=False),
    Column("day", Date, nullable=False),  # UTC
    Column("slot", SmallInteger, nullable=False),
    Column("store_id", Text, nullable=False),
    Column("impressions", BigInteger, nullable=False),
    Column("clicks", BigInteger, nullable=False),
    Column("predicted_ppm", BigInteger, nullable=False),  # sum of P(click in the first slot)
    PrimaryKeyConstraint("ad_id", "day", "slot"),
    Index("ix_ad_slot_days_store_id", "store_id", "day"),
)

ad_quality = Table(
    "ad_quality",
    metadata,
    Column("ad_id", Text, ForeignKey("ads.id", ondelete="CASCADE"), primary_key=True),
    Column("store_id", Text, nullable=False),
    Column("impressions", BigInteger, nullable=False),
    Column("clicks", BigInteger, nullable=False),
    Column("predicted_clicks", Double, nullable=False),
    Column("usual_clicks", Double, nullable=False),
    Index("ix_ad_quality_store_id", "store_id"),
)
