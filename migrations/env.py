"""Runs the migrations, each in its own transaction, one process at a time."""

from __future__ import annotations

import os

from alembic import context
from sqlalchemy import text

from service.store.postgres import open_sync_engine
from service.store.tables import metadata

LOCK = 5_417_260_118  # any number, the same everywhere

url = context.config.get_main_option("sqlalchemy.url") or os.environ["DATABASE_URL"]
engine = open_sync_engine(url)
with engine.connect() as connection:
    # several replicas may start at once
    connection.execute(text("SELECT pg_advisory_lock(:lock)"), {"lock": LOCK})
    connection.commit()
    context.configure(
        connection=connection, target_metadata=metadata, transaction_per_migration=True
    )
    with context.begin_transaction():
        context.run_migrations()
    connection.execute(text("SELECT pg_advisory_unlock(:lock)"), {"lock": LOCK})
    connection.commit()
engine.dispose()
