"""Selling points: rules of the store and of merchants, and who said what of a product's points.

Revision ID: 0006
Revises: 0005
Create Date: 2026-11-22
"""

from __future__ import annotations

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

UPGRADE = """
CREATE TABLE selling_point_rules (
    store_id text NOT NULL
        CONSTRAINT fk_selling_point_rules_store_id REFERENCES stores ON DELETE CASCADE,
    advertiser_id text
        CONSTRAINT fk_selling_point_rules_advertiser_id REFERENCES advertisers ON DELETE CASCADE,
    banned text[] NOT NULL DEFAULT '{}',
    allowed text[] NOT NULL DEFAULT '{}',
    opted_out boolean NOT NULL DEFAULT false,
    updated_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT uq_selling_point_rules_store_id UNIQUE NULLS NOT DISTINCT (store_id, advertiser_id)
);
ALTER TABLE selling_point_verdicts ADD COLUMN advertiser_id text;
"""

DOWNGRADE = """
DROP TABLE selling_point_rules;
ALTER TABLE selling_point_verdicts DROP COLUMN advertiser_id;
"""


def _trigger(event: str, tables: str) -> str:
    return (
        f"CREATE TRIGGER bump_version_{event.lower()} AFTER {event} ON selling_point_rules"
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
