"""The table of experiments."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Column, Index, Table, Text, text
from sqlalchemy.dialects.postgresql import JSONB

from service.store.tables import _store_id, _time, metadata

experiments = Table(
    "experiments",
    metadata,
    Column("id", Text, primary_key=True),
    _store_id(),
    Column("name", Text, nullable=False),
    # of one layer a store runs one experiment at a time
    Column("layer", Text, nullable=False, server_default=text("'selling_points'")),
    Column("status", Text, nullable=False, server_default=text("'draft'")),
    Column("salt", Text, nullable=False),
    Column("arms", JSONB, nullable=False),  # an array of `decision.experiments.Arm`
    _time("created_at", now=True),
    _time("updated_at", now=True),
    _time("started_at", nullable=True),
    _time("stopped_at", nullable=True),
    CheckConstraint("status IN ('draft', 'running', 'stopped')", name="status"),
    Index("ix_experiments_store_id", "store_id", "id"),
    Index(
        "ix_experiments_running",
        "store_id",
        "layer",
        unique=True,
        postgresql_where=text("status = 'running'"),
    ),
)
