"""Which ad each order's line is owed to: no shopper stands in here."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Double,
    ForeignKey,
    Index,
    PrimaryKeyConstraint,
    Table,
    Text,
    text,
)

from service.store.tables import _time, metadata

attributions = Table(
    "attributions",
    metadata,
    Column("store_id", Text, ForeignKey("stores.id", ondelete="CASCADE"), nullable=False),
    Column("order_key", Text, nullable=False),  # the salted hash of the order's number
    Column("line", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("part", Text, nullable=False, server_default=text("''")),  # hash of a return's number
    Column("impression_id", Text, nullable=False),
    Column("campaign_id", Text, ForeignKey("campaigns.id", ondelete="CASCADE"), nullable=False),
    Column("ad_id", Text, nullable=False),
    Column("product_id", Text, nullable=False),  # that was bought
    Column("touch", Text, nullable=False),
    Column("halo", Boolean, nullable=False),
    Column("new_to_brand", Boolean),  # null: nobody knows who bought, or of what brand
    Column("price_micros", BigInteger, nullable=False, server_default=text("0")),  # of the order
    Column("quantity", Double, nullable=False),
    Column("value_micros", BigInteger, nullable=False),
    _time("converted_at"),
    _time("attributed_at", now=True),
    Column("platform", Text),  # where the ad was shown; null: nobody knew
    PrimaryKeyConstraint("store_id", "order_key", "line", "kind", "part"),
    CheckConstraint("kind IN ('sale', 'return')", name="kind"),
    CheckConstraint("touch IN ('click', 'view')", name="touch"),
    CheckConstraint(
        "CASE kind WHEN 'sale' THEN quantity >= 0 AND value_micros >= 0 AND price_micros >= 0"
        " ELSE quantity <= 0 AND value_micros <= 0 AND price_micros <= 0 END",
        name="sign",
    ),
    Index("ix_attributions_campaign_id", "campaign_id", "converted_at"),
    Index("ix_attributions_store_id", "store_id", "converted_at"),
)
