"""Platforms: what they report, how a budget is spread over them, and what each may spend a day.

Revision ID: 0012
Revises: 0011
Create Date: 2026-11-23
"""

from __future__ import annotations

from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

RESULTS = """
CREATE TABLE platform_results (
    store_id text NOT NULL
        CONSTRAINT fk_platform_results_store_id REFERENCES stores ON DELETE CASCADE,
    platform text NOT NULL,
    -- null: of the whole store
    campaign_id text
        CONSTRAINT fk_platform_results_campaign_id REFERENCES campaigns ON DELETE CASCADE,
    hour timestamptz NOT NULL CONSTRAINT ck_platform_results_hour
        CHECK (extract(epoch FROM hour) % 3600 = 0),
    source text NOT NULL CONSTRAINT ck_platform_results_source
        CHECK (source IN ('reported', 'own')),
    spend_micros bigint NOT NULL DEFAULT 0,
    impressions bigint NOT NULL DEFAULT 0,
    clicks bigint NOT NULL DEFAULT 0,
    conversions bigint NOT NULL DEFAULT 0,
    updated_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT uq_platform_results_store_id
        UNIQUE NULLS NOT DISTINCT (store_id, platform, campaign_id, hour, source),
    CONSTRAINT ck_platform_results_counts CHECK (
        spend_micros >= 0 AND impressions >= 0 AND clicks >= 0 AND conversions >= 0)
);
CREATE INDEX ix_platform_results_campaign_id ON platform_results (campaign_id, hour);

-- how far each store's own events are counted; locked while they are
CREATE TABLE platform_counts (
    store_id text CONSTRAINT pk_platform_counts PRIMARY KEY
        CONSTRAINT fk_platform_counts_store_id REFERENCES stores ON DELETE CASCADE,
    counted_until timestamptz NOT NULL
);
"""

ALLOCATIONS = """
CREATE TABLE allocation_policies (
    campaign_id text CONSTRAINT pk_allocation_policies PRIMARY KEY
        CONSTRAINT fk_allocation_policies_campaign_id REFERENCES campaigns ON DELETE CASCADE,
    mode text NOT NULL CONSTRAINT ck_allocation_policies_mode CHECK (mode IN ('auto', 'fixed')),
    goal text NOT NULL
        CONSTRAINT ck_allocation_policies_goal CHECK (goal IN ('clicks', 'conversions')),
    -- {platform: parts per million of the budget}
    shares_ppm jsonb NOT NULL DEFAULT '{}',
    floors_ppm jsonb NOT NULL DEFAULT '{}',
    caps_ppm jsonb NOT NULL DEFAULT '{}',
    max_change_ppm integer CONSTRAINT ck_allocation_policies_max_change
        CHECK (max_change_ppm BETWEEN 0 AND 1000000),
    explore boolean NOT NULL DEFAULT true,
    updated_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE allocations (
    id text DEFAULT new_id('alc') CONSTRAINT pk_allocations PRIMARY KEY,
    campaign_id text NOT NULL
        CONSTRAINT fk_allocations_campaign_id REFERENCES campaigns ON DELETE CASCADE,
    day date NOT NULL,
    cause text NOT NULL
        CONSTRAINT ck_allocations_cause CHECK (cause IN ('periodic', 'shock', 'asked')),
    budget_micros bigint NOT NULL CONSTRAINT ck_allocations_budget CHECK (budget_micros >= 0),
    goal text NOT NULL CONSTRAINT ck_allocations_goal CHECK (goal IN ('clicks', 'conversions')),
    model text NOT NULL,
    gap double precision NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX ix_allocations_campaign_id ON allocations (campaign_id, created_at, id);

CREATE TABLE allocation_lines (
    allocation_id text NOT NULL
        CONSTRAINT fk_allocation_lines_allocation_id REFERENCES allocations ON DELETE CASCADE,
    platform text NOT NULL,
    spend_micros bigint NOT NULL CONSTRAINT ck_allocation_lines_spend CHECK (spend_micros >= 0),
    share_ppm integer NOT NULL CONSTRAINT ck_allocation_lines_share
        CHECK (share_ppm BETWEEN 0 AND 1000000),
    predicted double precision NOT NULL,
    predicted_sd double precision NOT NULL,
    reason text NOT NULL,
    detail text NOT NULL,
    CONSTRAINT pk_allocation_lines PRIMARY KEY (allocation_id, platform)
);

CREATE TABLE campaign_platform_days (
    campaign_id text NOT NULL CONSTRAINT fk_campaign_platform_days_campaign_id
        REFERENCES campaigns ON DELETE CASCADE,
    day date NOT NULL,
    platform text NOT NULL,
    -- null: as much as the campaign has
    limit_micros bigint,
    spent_micros bigint NOT NULL DEFAULT 0,
    refused_micros bigint,
    CONSTRAINT pk_campaign_platform_days PRIMARY KEY (campaign_id, day, platform),
    CONSTRAINT ck_campaign_platform_days_spent_within_limit
        CHECK (spent_micros >= 0 AND spent_micros <= limit_micros)
);
"""

# null: processes of the version before, and tokens that they signed, name no platform
CHARGES = """
ALTER TABLE charges ADD COLUMN platform text;
ALTER TABLE attributions ADD COLUMN platform text;
ALTER TABLE unpaid ADD COLUMN platform text,
    DROP CONSTRAINT ck_unpaid_reason,
    ADD CONSTRAINT ck_unpaid_reason
        CHECK (reason IN ('budget', 'day', 'balance', 'gone', 'platform'));
"""

# the platform that paid gets it back, whoever books
BOUND_REFUNDS = """
CREATE OR REPLACE FUNCTION bound_refunds() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    paid bigint;
    returned bigint;
BEGIN
    SELECT price_micros{also} INTO paid{also_into} FROM charges
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
"""

ADD_UP_CHARGES = """
CREATE OR REPLACE FUNCTION add_up_charges() RETURNS trigger LANGUAGE plpgsql AS $$
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
    {also}UPDATE advertisers SET spent_micros = advertisers.spent_micros + paid.micros
    FROM (
        SELECT advertiser_id, sum(price_micros) AS micros
        FROM written JOIN campaigns ON campaigns.id = campaign_id GROUP BY 1
    ) AS paid WHERE advertisers.id = paid.advertiser_id AND credit_micros IS NOT NULL;
    RETURN NULL;
END $$;
"""

BY_PLATFORM = """UPDATE campaign_platform_days AS days
    SET spent_micros = days.spent_micros + paid.micros
    FROM (
        SELECT campaign_id, day, platform, sum(price_micros) AS micros FROM written
        WHERE kind = 'refund' AND platform IS NOT NULL GROUP BY 1, 2, 3
    ) AS paid
    WHERE (days.campaign_id, days.day, days.platform)
        = (paid.campaign_id, paid.day, paid.platform);
    INSERT INTO campaign_platform_days AS days (campaign_id, day, platform, spent_micros)
    SELECT campaign_id, day, platform, sum(price_micros) FROM written
    WHERE kind <> 'refund' AND platform IS NOT NULL GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
    ON CONFLICT (campaign_id, day, platform) DO UPDATE
        SET spent_micros = days.spent_micros + excluded.spent_micros;
    """

DOWNGRADE = """
DROP TABLE campaign_platform_days, allocation_lines, allocations, allocation_policies,
    platform_counts, platform_results;
UPDATE unpaid SET reason = 'day' WHERE reason = 'platform';
ALTER TABLE unpaid DROP COLUMN platform,
    DROP CONSTRAINT ck_unpaid_reason,
    ADD CONSTRAINT ck_unpaid_reason CHECK (reason IN ('budget', 'day', 'balance', 'gone'));
ALTER TABLE attributions DROP COLUMN platform;
ALTER TABLE charges DROP COLUMN platform;
"""


def upgrade() -> None:
    for part in (RESULTS, ALLOCATIONS, CHARGES):
        op.execute(part)
    op.execute(BOUND_REFUNDS.format(also=", platform", also_into=", new.platform"))
    op.execute(ADD_UP_CHARGES.format(also=BY_PLATFORM))


def downgrade() -> None:
    op.execute(BOUND_REFUNDS.format(also="", also_into=""))
    op.execute(ADD_UP_CHARGES.format(also=""))
    op.execute(DOWNGRADE)
