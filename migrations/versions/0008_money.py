"""Money: days, balances, refunds; a ledger that only grows and adds up by itself.

Revision ID: 0008
Revises: 0007
Create Date: 2026-11-22
"""

from __future__ import annotations

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

CAMPAIGNS = """
ALTER TABLE campaigns
    ADD COLUMN daily_budget_micros bigint
        CONSTRAINT ck_campaigns_daily_budget CHECK (daily_budget_micros > 0),
    -- an unknown zone is refused here: it would stop every query that asks for the day
    ADD COLUMN time_zone text NOT NULL DEFAULT 'UTC' CONSTRAINT ck_campaigns_time_zone
        CHECK (timezone(time_zone, timestamptz '2000-01-01 00:00+00') IS NOT NULL),
    -- minutes of the week in that zone, from Monday 00:00; none is always
    ADD COLUMN schedule int4multirange NOT NULL DEFAULT '{}' CONSTRAINT ck_campaigns_schedule
        CHECK (schedule <@ int4multirange(int4range(0, 10080))),
    ADD COLUMN pricing text NOT NULL DEFAULT 'click' CONSTRAINT ck_campaigns_pricing
        CHECK (pricing IN ('click', 'impression', 'order')),
    ADD COLUMN pacing text NOT NULL DEFAULT 'even' CONSTRAINT ck_campaigns_pacing
        CHECK (pacing IN ('even', 'asap')),
    ADD COLUMN target_roas_ppm bigint
        CONSTRAINT ck_campaigns_target_roas CHECK (target_roas_ppm > 0),
    ADD COLUMN cap_impressions integer,
    ADD COLUMN cap_seconds integer,
    ADD COLUMN attribution_days smallint CONSTRAINT ck_campaigns_attribution_days
        CHECK (attribution_days IN (7, 14, 30)),
    ADD COLUMN view_through_hours smallint CONSTRAINT ck_campaigns_view_through_hours
        CHECK (view_through_hours BETWEEN 0 AND 720),
    ADD CONSTRAINT ck_campaigns_cap CHECK (
        (cap_impressions IS NULL) = (cap_seconds IS NULL)
        AND (cap_impressions IS NULL OR (cap_impressions > 0 AND cap_seconds > 0)));

ALTER TABLE stores
    ADD COLUMN attribution_days smallint NOT NULL DEFAULT 7
        CONSTRAINT ck_stores_attribution_days CHECK (attribution_days IN (7, 14, 30)),
    ADD COLUMN view_through_hours smallint NOT NULL DEFAULT 0
        CONSTRAINT ck_stores_view_through_hours CHECK (view_through_hours BETWEEN 0 AND 720),
    ADD COLUMN just_bought_days smallint NOT NULL DEFAULT 30
        CONSTRAINT ck_stores_just_bought_days CHECK (just_bought_days BETWEEN 0 AND 365),
    ADD COLUMN impression_grace_seconds integer NOT NULL DEFAULT 600
        CONSTRAINT ck_stores_impression_grace CHECK (impression_grace_seconds >= 0);

CREATE OR REPLACE FUNCTION bump_by_campaign_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE stores SET catalogue_version = catalogue_version + 1
    WHERE id IN (
        SELECT DISTINCT n.store_id FROM written n JOIN before o USING (id)
        WHERE (n.advertiser_id, n.name, n.status, n.bid_micros, n.budget_micros, n.starts_at,
               n.ends_at, n.platforms, n.pricing, n.cap_impressions, n.cap_seconds)
            IS DISTINCT FROM
              (o.advertiser_id, o.name, o.status, o.bid_micros, o.budget_micros, o.starts_at,
               o.ends_at, o.platforms, o.pricing, o.cap_impressions, o.cap_seconds)
    );
    RETURN NULL;
END $$;
"""

BALANCES = """
-- credit is the most that it may spend in all; null is on account, and then nothing is added up
-- in its row, so that its campaigns do not wait for each other
ALTER TABLE advertisers
    ADD COLUMN credit_micros bigint,
    ADD COLUMN spent_micros bigint NOT NULL DEFAULT 0,
    ADD COLUMN refused_micros bigint;

CREATE TABLE payments (
    id text CONSTRAINT pk_payments PRIMARY KEY,
    store_id text NOT NULL,
    advertiser_id text NOT NULL
        CONSTRAINT fk_payments_advertiser_id REFERENCES advertisers,
    amount_micros bigint NOT NULL CONSTRAINT ck_payments_amount CHECK (amount_micros <> 0),
    note text NOT NULL DEFAULT '',
    key_id text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX ix_payments_advertiser_id ON payments (advertiser_id, id);

CREATE TABLE campaign_days (
    campaign_id text NOT NULL
        CONSTRAINT fk_campaign_days_campaign_id REFERENCES campaigns ON DELETE CASCADE,
    day date NOT NULL,
    -- the highest daily budget that a charge of the day met; null once there was none
    ceiling_micros bigint,
    spent_micros bigint NOT NULL DEFAULT 0,
    refused_micros bigint,
    CONSTRAINT pk_campaign_days PRIMARY KEY (campaign_id, day),
    CONSTRAINT ck_campaign_days_spent_within_ceiling
        CHECK (spent_micros >= 0 AND spent_micros <= ceiling_micros)
);

CREATE TABLE unpaid (
    store_id text NOT NULL,
    campaign_id text NOT NULL,
    impression_id text NOT NULL,
    kind text NOT NULL,
    charge_key text NOT NULL DEFAULT '',
    price_micros bigint NOT NULL,
    reason text NOT NULL CONSTRAINT ck_unpaid_reason
        CHECK (reason IN ('budget', 'day', 'balance', 'gone')),
    ts timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT pk_unpaid PRIMARY KEY (impression_id, kind, charge_key)
);
CREATE INDEX ix_unpaid_campaign_id ON unpaid (campaign_id, recorded_at);
"""

CHARGES = """
ALTER TABLE charges
    ADD COLUMN kind text NOT NULL DEFAULT 'click' CONSTRAINT ck_charges_kind
        CHECK (kind IN ('click', 'impression', 'order', 'refund')),
    ADD COLUMN charge_key text NOT NULL DEFAULT '',
    ADD COLUMN day date,
    ADD COLUMN of_kind text,
    ADD COLUMN of_key text,
    ADD COLUMN reason text,
    DROP CONSTRAINT pk_charges,
    DROP CONSTRAINT ck_charges_price,
    ADD CONSTRAINT pk_charges PRIMARY KEY (impression_id, kind, charge_key),
    ADD CONSTRAINT ck_charges_price CHECK (
        CASE WHEN kind = 'refund' THEN price_micros < 0 ELSE price_micros >= 0 END),
    ADD CONSTRAINT ck_charges_refund CHECK (
        (kind = 'refund') = (of_kind IS NOT NULL AND of_key IS NOT NULL AND reason IS NOT NULL)
        AND of_kind <> 'refund'),
    ADD CONSTRAINT fk_charges_refund FOREIGN KEY (impression_id, of_kind, of_key)
        REFERENCES charges (impression_id, kind, charge_key);

UPDATE charges SET day = (charged_at AT TIME ZONE 'UTC')::date;
ALTER TABLE charges ALTER COLUMN day SET NOT NULL;

-- an order's line is paid for once, whatever led to it
CREATE UNIQUE INDEX uq_charges_order ON charges (store_id, charge_key) WHERE kind = 'order';
DROP INDEX ix_charges_campaign_id;
CREATE INDEX ix_charges_campaign ON charges (campaign_id, charged_at);
CREATE INDEX ix_charges_refunds ON charges (store_id, charged_at) WHERE kind = 'refund';

INSERT INTO campaign_days (campaign_id, day, spent_micros)
    SELECT campaign_id, day, sum(price_micros) FROM charges GROUP BY 1, 2;
ALTER TABLE advertisers ADD CONSTRAINT ck_advertisers_spent_within_credit
    CHECK (spent_micros >= 0 AND spent_micros <= credit_micros);
"""

GUARDS = """
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% of % is refused: what was booked stays; book a refund', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER charges_stay BEFORE UPDATE OR DELETE OR TRUNCATE ON charges
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER payments_stay BEFORE UPDATE OR DELETE OR TRUNCATE ON payments
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- processes of the version before name no day
CREATE FUNCTION day_of_charge() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    SELECT (clock_timestamp() AT TIME ZONE time_zone)::date INTO new.day
    FROM campaigns WHERE id = new.campaign_id;
    RETURN new;
END $$;
CREATE TRIGGER day_of_charge BEFORE INSERT ON charges
    FOR EACH ROW WHEN (new.day IS NULL) EXECUTE FUNCTION day_of_charge();

-- refunds of one charge are never more than the charge
CREATE FUNCTION bound_refunds() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    paid bigint;
    returned bigint;
BEGIN
    SELECT price_micros INTO paid FROM charges
    WHERE impression_id = new.impression_id AND kind = new.of_kind AND charge_key = new.of_key
    FOR UPDATE;
    SELECT coalesce(sum(price_micros), 0) INTO returned FROM charges
    WHERE impression_id = new.impression_id AND kind = 'refund'
        AND of_kind = new.of_kind AND of_key = new.of_key AND charge_key <> new.charge_key;
    IF paid + returned + new.price_micros < 0 THEN
        RAISE EXCEPTION 'refund of % exceeds what is left of a charge of %: %',
            -new.price_micros, paid, paid + returned USING ERRCODE = 'check_violation',
            CONSTRAINT = 'ck_charges_refund_within_charge', TABLE = 'charges';
    END IF;
    RETURN new;
END $$;
CREATE TRIGGER bound_refunds BEFORE INSERT ON charges
    FOR EACH ROW WHEN (new.kind = 'refund') EXECUTE FUNCTION bound_refunds();

-- whoever books, days and balances follow in the same transaction
CREATE FUNCTION add_up_charges() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE campaign_days AS days SET spent_micros = days.spent_micros + paid.micros
    FROM (
        SELECT campaign_id, day, sum(price_micros) AS micros FROM written
        WHERE kind = 'refund' GROUP BY 1, 2
    ) AS paid WHERE (days.campaign_id, days.day) = (paid.campaign_id, paid.day);
    INSERT INTO campaign_days AS days (campaign_id, day, ceiling_micros, spent_micros)
    SELECT campaign_id, day, min(daily_budget_micros), sum(price_micros)
    FROM written JOIN campaigns ON campaigns.id = campaign_id
    WHERE kind <> 'refund' GROUP BY 1, 2 ORDER BY 1, 2
    ON CONFLICT (campaign_id, day) DO UPDATE SET
        spent_micros = days.spent_micros + excluded.spent_micros,
        ceiling_micros = CASE WHEN excluded.ceiling_micros IS NOT NULL
            AND days.ceiling_micros IS NOT NULL
            THEN greatest(days.ceiling_micros, excluded.ceiling_micros) END;
    UPDATE advertisers SET spent_micros = advertisers.spent_micros + paid.micros
    FROM (
        SELECT advertiser_id, sum(price_micros) AS micros
        FROM written JOIN campaigns ON campaigns.id = campaign_id GROUP BY 1
    ) AS paid WHERE advertisers.id = paid.advertiser_id AND credit_micros IS NOT NULL;
    RETURN NULL;
END $$;
CREATE TRIGGER add_up_charges AFTER INSERT ON charges
    REFERENCING NEW TABLE AS written FOR EACH STATEMENT EXECUTE FUNCTION add_up_charges();

-- with the first payment the balance begins; who charges holds a campaign, so none is under way
CREATE FUNCTION add_up_payments() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM FROM campaigns WHERE advertiser_id IN (SELECT advertiser_id FROM written)
    ORDER BY id FOR NO KEY UPDATE;
    UPDATE advertisers SET
        spent_micros = CASE WHEN credit_micros IS NULL THEN before.micros ELSE spent_micros END,
        credit_micros = coalesce(credit_micros, before.micros) + paid.micros
    FROM (
        SELECT advertiser_id, sum(amount_micros) AS micros FROM written GROUP BY 1
    ) AS paid, LATERAL (
        SELECT coalesce(sum(campaigns.spent_micros), 0) AS micros FROM campaigns
        WHERE campaigns.advertiser_id = paid.advertiser_id
    ) AS before WHERE advertisers.id = paid.advertiser_id;
    RETURN NULL;
END $$;
CREATE TRIGGER add_up_payments AFTER INSERT ON payments
    REFERENCING NEW TABLE AS written FOR EACH STATEMENT EXECUTE FUNCTION add_up_payments();
"""

SERVING = """
-- raised whenever Redis may have forgotten what was leased
CREATE TABLE lease_epochs (
    one boolean NOT NULL DEFAULT true CONSTRAINT pk_lease_epochs PRIMARY KEY
        CONSTRAINT ck_lease_epochs_one CHECK (one),
    epoch bigint NOT NULL DEFAULT 1
);
INSERT INTO lease_epochs DEFAULT VALUES;

CREATE TABLE campaign_paces (
    campaign_id text CONSTRAINT pk_campaign_paces PRIMARY KEY
        CONSTRAINT fk_campaign_paces_campaign_id REFERENCES campaigns ON DELETE CASCADE,
    bid_ppm integer NOT NULL,
    admit_ppm integer NOT NULL,
    roas_ppm integer NOT NULL,
    spent_micros bigint NOT NULL,
    updated_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT ck_campaign_paces_shares CHECK (
        bid_ppm BETWEEN 0 AND 1000000 AND admit_ppm BETWEEN 0 AND 1000000
        AND roas_ppm BETWEEN 0 AND 1000000)
);
"""

DOWNGRADE = """
DROP TABLE campaign_paces, lease_epochs;
DROP TRIGGER charges_stay ON charges;
DROP TRIGGER add_up_charges ON charges;
DROP TRIGGER bound_refunds ON charges;
DROP TRIGGER day_of_charge ON charges;
DROP TABLE payments, campaign_days, unpaid;
DROP FUNCTION add_up_payments, add_up_charges, bound_refunds, day_of_charge, refuse_change;

-- the version before knows one charge an impression: what is left of it, as a click
CREATE TEMPORARY TABLE left_of_charges ON COMMIT DROP AS
    SELECT impression_id, min(store_id) AS store_id, min(campaign_id) AS campaign_id,
        sum(price_micros) AS price_micros, min(ts) AS ts, min(charged_at) AS charged_at
    FROM charges GROUP BY impression_id;
DROP INDEX uq_charges_order, ix_charges_campaign, ix_charges_refunds;
ALTER TABLE charges
    DROP CONSTRAINT fk_charges_refund, DROP CONSTRAINT ck_charges_refund,
    DROP CONSTRAINT ck_charges_price, DROP CONSTRAINT pk_charges,
    DROP COLUMN kind, DROP COLUMN charge_key, DROP COLUMN day,
    DROP COLUMN of_kind, DROP COLUMN of_key, DROP COLUMN reason;
DELETE FROM charges;
INSERT INTO charges (impression_id, store_id, campaign_id, price_micros, ts, charged_at)
    SELECT impression_id, store_id, campaign_id, price_micros, ts, charged_at
    FROM left_of_charges;
ALTER TABLE charges ADD CONSTRAINT pk_charges PRIMARY KEY (impression_id),
    ADD CONSTRAINT ck_charges_price CHECK (price_micros >= 0);
CREATE INDEX ix_charges_campaign_id ON charges (campaign_id);

ALTER TABLE advertisers DROP COLUMN credit_micros, DROP COLUMN spent_micros,
    DROP COLUMN refused_micros;
CREATE OR REPLACE FUNCTION bump_by_campaign_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE stores SET catalogue_version = catalogue_version + 1
    WHERE id IN (
        SELECT DISTINCT n.store_id FROM written n JOIN before o USING (id)
        WHERE (n.advertiser_id, n.name, n.status, n.bid_micros, n.budget_micros, n.starts_at,
               n.ends_at, n.platforms)
            IS DISTINCT FROM
              (o.advertiser_id, o.name, o.status, o.bid_micros, o.budget_micros, o.starts_at,
               o.ends_at, o.platforms)
    );
    RETURN NULL;
END $$;
ALTER TABLE stores DROP COLUMN attribution_days, DROP COLUMN view_through_hours,
    DROP COLUMN just_bought_days, DROP COLUMN impression_grace_seconds;
ALTER TABLE campaigns DROP COLUMN daily_budget_micros, DROP COLUMN time_zone,
    DROP COLUMN schedule, DROP COLUMN pricing, DROP COLUMN pacing, DROP COLUMN target_roas_ppm,
    DROP COLUMN cap_impressions, DROP COLUMN cap_seconds, DROP COLUMN attribution_days,
    DROP COLUMN view_through_hours;
"""


def upgrade() -> None:
    for part in (CAMPAIGNS, BALANCES, CHARGES, GUARDS, SERVING):
        op.execute(part)


def downgrade() -> None:
    op.execute(DOWNGRADE)
