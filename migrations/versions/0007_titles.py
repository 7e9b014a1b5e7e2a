"""Titles: where selling points stand, and the longest title of a platform.

Revision ID: 0007
Revises: 0006
Create Date: 2026-11-22
"""

from __future__ import annotations

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

UPGRADE = """
ALTER TABLE placements ADD COLUMN phrase_position text NOT NULL DEFAULT 'prefix';

-- only what was said of a platform; it exists by being named
CREATE TABLE platforms (
    store_id text NOT NULL CONSTRAINT fk_platforms_store_id REFERENCES stores ON DELETE CASCADE,
    name text NOT NULL,
    title_limit smallint,
    CONSTRAINT pk_platforms PRIMARY KEY (store_id, name)
);
"""

DOWNGRADE = """
DROP TABLE platforms;
ALTER TABLE placements DROP COLUMN phrase_position;
"""


def _trigger(event: str, tables: str) -> str:
    return (
        f"CREATE TRIGGER bump_version_{event.lower()} AFTER {event} ON platforms"
        f" REFERENCING {tables} FOR EACH STATEMENT EXECUTE FUNCTION bump_by_store()"
    )


def upgrade() -> None:
    op.execute(UPGRADE)
    for event, tables in (
        ("INSERT", "NEW TABLE AS written"),
        ("UPDATE", "NEW TABLE AS written"),
        ("DELETE", "OLD TABLE AS written"),
    ):
        op.execute(_trigger(event, tables))


def downgrade() -> None:
    op.execute(DOWNGRADE)
