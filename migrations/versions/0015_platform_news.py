"""When platforms last told anything of a campaign; results are read without their table.

Revision ID: 0015
Revises: 0014
Create Date: 2026-11-23
"""

from __future__ import annotations

from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

NEWS = """
CREATE TABLE platform_news (
    campaign_id text CONSTRAINT pk_platform_news PRIMARY KEY
        CONSTRAINT fk_platform_news_campaign_id REFERENCES campaigns ON DELETE CASCADE,
    told_at timestamptz NOT NULL,
    -- of own events: a number that stands for what their full hours came to
    counted bigint
);
"""
# a campaign's hours lie all over the table, which is in the order of hours
COVERING = """
DROP INDEX ix_platform_results_campaign_id;
CREATE INDEX ix_platform_results_campaign_id ON platform_results (campaign_id, hour)
    INCLUDE (platform, source, spend_micros, impressions, clicks, conversions);
"""
PLAIN = """
DROP INDEX ix_platform_results_campaign_id;
CREATE INDEX ix_platform_results_campaign_id ON platform_results (campaign_id, hour);
"""


def upgrade() -> None:
    op.execute(NEWS)
    op.execute(COVERING)


def downgrade() -> None:
    op.execute(PLAIN)
    op.execute("DROP TABLE platform_news")
