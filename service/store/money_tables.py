"""What was paid and may be spent: the ledger with its days, balances and refusals."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    PrimaryKeyConstraint,
    Table,
    Text,
    text,
)

from service.store.tables import _time, metadata

# rows are never changed or removed, a trigger sees to it; a refund is a row below zero, which
# names the charge that it takes back. Days and balances follow by triggers.
charges = Table(
    "charges",
    metadata,
    Column("impression_id", Text, nullable=False),
    Column("store_id", Text, nullable=False),
    # no cascade: what was paid is never forgotten, so a campaign with charges stays
    Column("campaign_id", Text, ForeignKey("campaigns.id"), nullable=False),
    Column("price_micros", BigInteger, nullable=False),
    _time("ts"),  # of the event
    _time("charged_at", now=True),
    Column("kind", Text, nullable=False, server_default=text("'click'")),
    Column("charge_key", Text, nullable=False, server_default=text("''")),
    Column("day", Date, nullable=False),  # of the campaign, whose budget paid
    Column("of_kind", Text),
    Column("of_key", Text),
    Column("reason", Text),
    Column("platform", Text),  # null: charged by a version that knew of none
    PrimaryKeyConstraint("impression_id", "kind", "charge_key"),
    ForeignKeyConstraint(
        ["impression_id", "of_kind", "of_key"],
        ["charges.impression_id", "charges.kind", "charges.charge_key"],
        name="fk_charges_refund",
    ),
    CheckConstraint("kind IN ('click', 'impression', 'order', 'refund')", name="kind"),
    Index(
        "uq_charges_order",
        "store_id",
        "charge_key",
        unique=True,
        postgresql_where=text("kind = 'order'"),
    ),
    Index("ix_charges_campaign", "campaign_id", "charged_at"),
    Index(
        "ix_charges_refunds", "store_id", "charged_at", postgresql_where=text("kind = 'refund'")
    ),
)

campaign_days = Table(
    "campaign_days",
    metadata,
    Column("campaign_id", Text, ForeignKey("campaigns.id", ondelete="CASCADE"), nullable=False),
    Column("day", Date, nullable=False),
    # the highest daily budget that a charge of the day met; null once there was none
    Column("ceiling_micros", BigInteger),
    Column("spent_micros", BigInteger, nullable=False, server_default=text("0")),
    Column("refused_micros", BigInteger),
    PrimaryKeyConstraint("campaign_id", "day"),
)

payments = Table(
    "payments",
    metadata,
    Column("id", Text, primary_key=True),
    Column("store_id", Text, nullable=False),
    Column("advertiser_id", Text, ForeignKey("advertisers.id"), nullable=False),
    Column("amount_micros", BigInteger, nullable=False),
    Column("note", Text, nullable=False, server_default=text("''")),
    Column("key_id", Text, nullable=False),
    _time("created_at", now=True),
    CheckConstraint("amount_micros <> 0", name="amount"),
    Index("ix_payments_advertiser_id", "advertiser_id", "id"),
)

# valid paid events that no budget had room for: shown in vain, never charged later
unpaid = Table(
    "unpaid",
    metadata,
    Column("store_id", Text, nullable=False),
    Column("campaign_id", Text, nullable=False),
    Column("impression_id", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("charge_key", Text, nullable=False, server_default=text("''")),
    Column("price_micros", BigInteger, nullable=False),
    Column("reason", Text, nullable=False),
    _time("ts"),
    _time("recorded_at", now=True),
    Column("platform", Text),
    PrimaryKeyConstraint("impression_id", "kind", "charge_key"),
    CheckConstraint("reason IN ('budget', 'day', 'balance', 'gone', 'platform')", name="reason"),
    Index("ix_unpaid_campaign_id", "campaign_id", "recorded_at"),
)

lease_epochs = Table(
    "lease_epochs",
    metadata,
    Column("one", Boolean, primary_key=True, server_default=text("true")),
    Column("epoch", BigInteger, nullable=False, server_default=text("1")),
)

campaign_paces = Table(
    "campaign_paces",
    metadata,
    Column("campaign_id", Text, ForeignKey("campaigns.id", ondelete="CASCADE"), primary_key=True),
    Column("bid_ppm", Integer, nullable=False),
    Column("admit_ppm", Integer, nullable=False),
    Column("roas_ppm", Integer, nullable=False),
    Column("spent_micros", BigInteger, nullable=False),  # when it was last looked at
    _time("updated_at", now=True),
)

campaign_platform_paces = Table(
    "campaign_platform_paces",
    metadata,
    Column("campaign_id", Text, ForeignKey("campaigns.id", ondelete="CASCADE"), nullable=False),
    Column("platform", Text, nullable=False),
    Column("bid_ppm", Integer, nullable=False),
    Column("admit_ppm", Integer, nullable=False),
    _time("updated_at", now=True),
    PrimaryKeyConstraint("campaign_id", "platform"),
)
