"""Management: idempotency keys, the audit log, ids of keywords; charges outlive no campaign.

Revision ID: 0002
Revises: 0001
Create Date: 2026-11-22
"""

from __future__ import annotations

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

# Keyword rows of before, and those that older processes insert, get their ids by default.
UPGRADE = """
CREATE FUNCTION new_id(prefix text) RETURNS text LANGUAGE sql VOLATILE
RETURN prefix || '_' || replace(gen_random_uuid()::text, '-', '');

CREATE TABLE idempotency_keys (
    store_id text NOT NULL
        CONSTRAINT fk_idempotency_keys_store_id REFERENCES stores ON DELETE CASCADE,
    key_id text NOT NULL,
    idempotency_key text NOT NULL,
    request_sha256 bytea NOT NULL,
    status smallint,
    headers jsonb,
    body bytea,
    created_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT pk_idempotency_keys PRIMARY KEY (store_id, key_id, idempotency_key)
);
CREATE INDEX ix_idempotency_keys_created_at ON idempotency_keys (created_at);

CREATE TABLE audit_log (
    id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT pk_audit_log PRIMARY KEY,
    store_id text NOT NULL,
    at timestamptz NOT NULL DEFAULT now(),
    key_id text NOT NULL,
    advertiser_id text,
    resource text NOT NULL,
    resource_id text NOT NULL,
    action text NOT NULL,
    before jsonb,
    after jsonb
);
CREATE INDEX ix_audit_log_store_id ON audit_log (store_id, id);

ALTER TABLE api_keys ADD COLUMN name text NOT NULL DEFAULT '';
ALTER TABLE keywords ADD COLUMN id text NOT NULL DEFAULT new_id('kw');
ALTER TABLE keywords ADD CONSTRAINT uq_keywords_id UNIQUE (id);
CREATE INDEX ix_advertisers_store_id ON advertisers (store_id, id);
CREATE INDEX ix_ads_store_id ON ads (store_id, id);

ALTER TABLE charges DROP CONSTRAINT fk_charges_campaign_id;
ALTER TABLE charges ADD CONSTRAINT fk_charges_campaign_id
    FOREIGN KEY (campaign_id) REFERENCES campaigns;
"""

DOWNGRADE = """
ALTER TABLE charges DROP CONSTRAINT fk_charges_campaign_id;
ALTER TABLE charges ADD CONSTRAINT fk_charges_campaign_id
    FOREIGN KEY (campaign_id) REFERENCES campaigns ON DELETE CASCADE;
DROP INDEX ix_ads_store_id, ix_advertisers_store_id;
ALTER TABLE keywords DROP COLUMN id;
ALTER TABLE api_keys DROP COLUMN name;
DROP TABLE audit_log, idempotency_keys;
DROP FUNCTION new_id;
"""


def upgrade() -> None:
    op.execute(UPGRADE)


def downgrade() -> None:
    op.execute(DOWNGRADE)
