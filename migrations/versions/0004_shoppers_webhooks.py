"""Shoppers who said what may be known of them, or were erased; webhooks and what they are told.

Revision ID: 0004
Revises: 0003
Create Date: 2026-11-22
"""

from __future__ import annotations

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

UPGRADE = """
-- what is left of an erased shopper is a hash that nobody can look up in a table made elsewhere
ALTER TABLE stores ADD COLUMN salt bytea NOT NULL
    DEFAULT decode(replace(gen_random_uuid()::text || gen_random_uuid()::text, '-', ''), 'hex');

CREATE TABLE shoppers (
    store_id text NOT NULL CONSTRAINT fk_shoppers_store_id REFERENCES stores ON DELETE CASCADE,
    user_sha256 bytea NOT NULL,
    user_id text,
    consent boolean,
    consent_at timestamptz,
    erased_until timestamptz,
    CONSTRAINT pk_shoppers PRIMARY KEY (store_id, user_sha256)
);
CREATE INDEX ix_shoppers_withdrawn ON shoppers (store_id, user_id)
    WHERE user_id IS NOT NULL AND NOT consent;

CREATE INDEX ix_events_user ON events (store_id, user_id, ts) WHERE user_id IS NOT NULL;
CREATE INDEX ix_decisions_user
    ON decisions (store_id, (payload #>> '{request,user_id}'), ts)
    WHERE (payload #>> '{request,user_id}') IS NOT NULL;

CREATE TABLE webhooks (
    id text CONSTRAINT pk_webhooks PRIMARY KEY,
    store_id text NOT NULL CONSTRAINT fk_webhooks_store_id REFERENCES stores ON DELETE CASCADE,
    advertiser_id text
        CONSTRAINT fk_webhooks_advertiser_id REFERENCES advertisers ON DELETE CASCADE,
    url text NOT NULL,
    events text[] NOT NULL,
    active boolean NOT NULL DEFAULT true,
    secret text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX ix_webhooks_store_id ON webhooks (store_id, id);

-- `about` tells repeats: each thing is told once, however many workers see it
CREATE TABLE webhook_events (
    id text CONSTRAINT pk_webhook_events PRIMARY KEY,
    store_id text NOT NULL
        CONSTRAINT fk_webhook_events_store_id REFERENCES stores ON DELETE CASCADE,
    advertiser_id text,
    type text NOT NULL,
    about text NOT NULL,
    data jsonb NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT uq_webhook_events_store_id UNIQUE (store_id, type, about)
);

CREATE TABLE webhook_deliveries (
    id text CONSTRAINT pk_webhook_deliveries PRIMARY KEY,
    webhook_id text NOT NULL
        CONSTRAINT fk_webhook_deliveries_webhook_id REFERENCES webhooks ON DELETE CASCADE,
    event_id text NOT NULL
        CONSTRAINT fk_webhook_deliveries_event_id REFERENCES webhook_events ON DELETE CASCADE,
    status text NOT NULL DEFAULT 'waiting' CONSTRAINT ck_webhook_deliveries_status
        CHECK (status IN ('waiting', 'delivered', 'given_up')),
    tries integer NOT NULL DEFAULT 0,
    next_try_at timestamptz DEFAULT now(),
    last_status smallint,
    last_error text,
    created_at timestamptz NOT NULL DEFAULT now(),
    delivered_at timestamptz
);
CREATE INDEX ix_webhook_deliveries_webhook_id ON webhook_deliveries (webhook_id, id);
CREATE INDEX ix_webhook_deliveries_event_id ON webhook_deliveries (event_id);
CREATE INDEX ix_webhook_deliveries_waiting ON webhook_deliveries (next_try_at)
    WHERE status = 'waiting';
"""

DOWNGRADE = """
DROP TABLE webhook_deliveries, webhook_events, webhooks;
DROP INDEX ix_decisions_user, ix_events_user;
DROP TABLE shoppers;
ALTER TABLE stores DROP COLUMN salt;
"""


def upgrade() -> None:
    op.execute(UPGRADE)


def downgrade() -> None:
    op.execute(DOWNGRADE)
