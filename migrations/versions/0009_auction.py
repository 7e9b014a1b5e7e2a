"""Auctions: how a placement sells its slots; what ads were shown and clicked, for their quality.

Revision ID: 0009
Revises: 0008
Create Date: 2026-11-22
"""

from __future__ import annotations

from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

UPGRADE = """
ALTER TABLE placements
    ADD COLUMN rule text NOT NULL DEFAULT 'gsp'
        CONSTRAINT ck_placements_rule CHECK (rule IN ('gsp', 'vcg', 'first')),
    ADD COLUMN squash_ppm integer NOT NULL DEFAULT 1000000
        CONSTRAINT ck_placements_squash CHECK (squash_ppm BETWEEN 0 AND 1000000),
    -- none for placements of before; those made from now on ask for more
    ADD COLUMN relevance_floor_ppm integer NOT NULL DEFAULT 0
        CONSTRAINT ck_placements_relevance_floor CHECK (relevance_floor_ppm BETWEEN 0 AND 1000000),
    ADD COLUMN exposure_ppm integer[] NOT NULL DEFAULT '{}'
        CONSTRAINT ck_placements_exposure CHECK (0 < ALL (exposure_ppm));

-- how far each store's events are counted; locked while they are
CREATE TABLE quality_counts (
    store_id text CONSTRAINT pk_quality_counts PRIMARY KEY
        CONSTRAINT fk_quality_counts_store_id REFERENCES stores ON DELETE CASCADE,
    counted_until timestamptz NOT NULL
);
CREATE TABLE ad_slot_days (
    ad_id text NOT NULL CONSTRAINT fk_ad_slot_days_ad_id REFERENCES ads ON DELETE CASCADE,
    day date NOT NULL,
    slot smallint NOT NULL,
    store_id text NOT NULL,
    impressions bigint NOT NULL,
    clicks bigint NOT NULL,
    predicted_ppm bigint NOT NULL,
    CONSTRAINT pk_ad_slot_days PRIMARY KEY (ad_id, day, slot)
);
CREATE INDEX ix_ad_slot_days_store_id ON ad_slot_days (store_id, day);
CREATE TABLE ad_quality (
    ad_id text CONSTRAINT pk_ad_quality PRIMARY KEY
        CONSTRAINT fk_ad_quality_ad_id REFERENCES ads ON DELETE CASCADE,
    store_id text NOT NULL,
    impressions bigint NOT NULL,
    clicks bigint NOT NULL,
    predicted_clicks double precision NOT NULL,
    usual_clicks double precision NOT NULL
);
CREATE INDEX ix_ad_quality_store_id ON ad_quality (store_id);
"""

DOWNGRADE = """
DROP TABLE ad_quality, ad_slot_days, quality_counts;
ALTER TABLE placements
    DROP COLUMN rule,
    DROP COLUMN squash_ppm,
    DROP COLUMN relevance_floor_ppm,
    DROP COLUMN exposure_ppm;
"""


def upgrade() -> None:
    op.execute(UPGRADE)


def downgrade() -> None:
    op.execute(DOWNGRADE)
