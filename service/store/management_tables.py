"""What management keeps of its calls: answers given once, and who changed what."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    Identity,
    Index,
    LargeBinary,
    PrimaryKeyConstraint,
    SmallInteger,
    Table,
    Text,
)
from sqlalchemy.dialects.postgresql import JSONB

from service.store.tables import _store_id, _time, metadata

idempotency_keys = Table(
    "idempotency_keys",
    metadata,
    _store_id(),
    Column("key_id", Text, nullable=False),  # the API key that the caller used
    Column("idempotency_key", Text, nullable=False),
    Column("request_sha256", LargeBinary, nullable=False),
    Column("status", SmallInteger),  # null only inside the transaction that makes the answer
    Column("headers", JSONB),
    Column("body", LargeBinary),
    _time("created_at", now=True),
    PrimaryKeyConstraint("store_id", "key_id", "idempotency_key"),
    Index("ix_idempotency_keys_created_at", "created_at"),
)

audit_log = Table(
    "audit_log",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("store_id", Text, nullable=False),  # no foreign key: it outlives what it tells of
    _time("at", now=True),
    Column("key_id", Text, nullable=False),
    Column("advertiser_id", Text),
    Column("resource", Text, nullable=False),
    Column("resource_id", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("before", JSONB(none_as_null=True)),
    Column("after", JSONB(none_as_null=True)),
    Index("ix_audit_log_store_id", "store_id", "id"),
)
