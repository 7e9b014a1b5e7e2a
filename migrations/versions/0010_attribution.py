"""Attribution: which ad each order's line is owed to, and what came back of it.

Revision ID: 0010
Revises: 0009
Create Date: 2026-11-22
"""

from __future__ import annotations

from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

UPGRADE = """
-- when to look next for the ad behind a conversion or return; null: there is a verdict, as there
-- is of all that came before this version
ALTER TABLE event_keys ADD COLUMN attribute_at timestamptz;
ALTER TABLE event_keys ALTER COLUMN attribute_at SET DEFAULT now();
CREATE INDEX ix_event_keys_attribute_at ON event_keys (type, attribute_at)
    WHERE attribute_at IS NOT NULL AND type IN ('conversion', 'return');

CREATE TABLE attributions (
    store_id text NOT NULL
        CONSTRAINT fk_attributions_store_id REFERENCES stores ON DELETE CASCADE,
    order_key text NOT NULL,
    line text NOT NULL,
    kind text NOT NULL CONSTRAINT ck_attributions_kind CHECK (kind IN ('sale', 'return')),
    part text NOT NULL DEFAULT '',
    impression_id text NOT NULL,
    campaign_id text NOT NULL
        CONSTRAINT fk_attributions_campaign_id REFERENCES campaigns ON DELETE CASCADE,
    ad_id text NOT NULL,
    product_id text NOT NULL,
    touch text NOT NULL CONSTRAINT ck_attributions_touch CHECK (touch IN ('click', 'view')),
    halo boolean NOT NULL,
    new_to_brand boolean,
    price_micros bigint NOT NULL DEFAULT 0,
    quantity double precision NOT NULL,
    value_micros bigint NOT NULL,
    converted_at timestamptz NOT NULL,
    attributed_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT pk_attributions PRIMARY KEY (store_id, order_key, line, kind, part),
    CONSTRAINT ck_attributions_sign CHECK (CASE kind
        WHEN 'sale' THEN quantity >= 0 AND value_micros >= 0 AND price_micros >= 0
        ELSE quantity <= 0 AND value_micros <= 0 AND price_micros <= 0 END)
);
CREATE INDEX ix_attributions_campaign_id ON attributions (campaign_id, converted_at);
CREATE INDEX ix_attributions_store_id ON attributions (store_id, converted_at);

-- a worker of the version before stores returns without a key of their own
CREATE FUNCTION queue_return() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO event_keys (store_id, type, event_key, ts)
    VALUES (new.store_id, new.type, new.event_key, new.ts) ON CONFLICT DO NOTHING;
    RETURN NULL;
END $$;
CREATE TRIGGER queue_return AFTER INSERT ON events
    FOR EACH ROW WHEN (new.type = 'return') EXECUTE FUNCTION queue_return();
"""

DOWNGRADE = """
DROP TRIGGER queue_return ON events;
DROP FUNCTION queue_return;
DROP TABLE attributions;
DROP INDEX ix_event_keys_attribute_at;
ALTER TABLE event_keys DROP COLUMN attribute_at;
"""


def upgrade() -> None:
    op.execute(UPGRADE)


def downgrade() -> None:
    op.execute(DOWNGRADE)
