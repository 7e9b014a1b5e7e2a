"""The table of shoppers who said what may be known of them, or were erased."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Index, LargeBinary, PrimaryKeyConstraint, Table, Text, text

from service.store.tables import _store_id, _time, metadata

# a row stays when its shopper is erased, then without `user_id`: under the hash alone
shoppers = Table(
    "shoppers",
    metadata,
    _store_id(),
    Column("user_sha256", LargeBinary, nullable=False),  # of the store's salt and the id
    Column("user_id", Text),
    Column("consent", Boolean),  # null: never told, so each request says
    _time("consent_at", nullable=True),
    # nothing that happened before it is kept with the id
    _time("erased_until", nullable=True),
    PrimaryKeyConstraint("store_id", "user_sha256"),
    Index(
        "ix_shoppers_withdrawn",
        "store_id",
        "user_id",
        postgresql_where=text("user_id IS NOT NULL AND NOT consent"),
    ),
)
