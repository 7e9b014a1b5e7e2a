"""Paces of campaigns on the platforms that have limits of their own.

Revision ID: 0013
Revises: 0012
Create Date: 2026-11-23
"""

from __future__ import annotations

from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

PACES = """
CREATE TABLE campaign_platform_paces (
    campaign_id text NOT NULL CONSTRAINT fk_campaign_platform_paces_campaign_id
        REFERENCES campaigns ON DELETE CASCADE,
    platform text NOT NULL,
    bid_ppm integer NOT NULL,
    admit_ppm integer NOT NULL,
    updated_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT pk_campaign_platform_paces PRIMARY KEY (campaign_id, platform),
    CONSTRAINT ck_campaign_platform_paces_shares
        CHECK (bid_ppm BETWEEN 0 AND 1000000 AND admit_ppm BETWEEN 0 AND 1000000)
);
"""


def upgrade() -> None:
    op.execute(PACES)


def downgrade() -> None:
    op.execute("DROP TABLE campaign_platform_paces")
