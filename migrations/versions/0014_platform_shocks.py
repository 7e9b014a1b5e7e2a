"""Platforms whose answer to a campaign's spend changed, as plans were made for.

Revision ID: 0014
Revises: 0013
Create Date: 2026-11-23
"""

from __future__ import annotations

from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

SHOCKS = """
CREATE TABLE platform_shocks (
    campaign_id text NOT NULL CONSTRAINT fk_platform_shocks_campaign_id
        REFERENCES campaigns ON DELETE CASCADE,
    platform text NOT NULL,
    -- the hours in which it began, most likely, and in which it was told from chance
    since timestamptz NOT NULL,
    seen timestamptz NOT NULL,
    -- what it brings from then on, of what was expected
    ratio double precision NOT NULL CONSTRAINT ck_platform_shocks_ratio CHECK (ratio >= 0),
    statistic double precision NOT NULL,
    noticed_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT pk_platform_shocks PRIMARY KEY (campaign_id, platform, seen)
);
"""


def upgrade() -> None:
    op.execute(SHOCKS)


def downgrade() -> None:
    op.execute("DROP TABLE platform_shocks")
