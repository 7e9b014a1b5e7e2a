"""The first tables: catalogue, campaigns, keys, events, charges.

Revision ID: 0001
Revises:
Create Date: 2026-11-22
"""

from __future__ import annotations

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

TABLES = """
CREATE TABLE stores (
    id text CONSTRAINT pk_stores PRIMARY KEY,
    name text NOT NULL,
    currency text NOT NULL,
    locale text NOT NULL,
    site_url text NOT NULL,
    catalogue_version bigint NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE advertisers (
    id text CONSTRAINT pk_advertisers PRIMARY KEY,
    store_id text NOT NULL CONSTRAINT fk_advertisers_store_id REFERENCES stores ON DELETE CASCADE,
    name text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE api_keys (
    id text CONSTRAINT pk_api_keys PRIMARY KEY,
    store_id text NOT NULL CONSTRAINT fk_api_keys_store_id REFERENCES stores ON DELETE CASCADE,
    advertiser_id text
        CONSTRAINT fk_api_keys_advertiser_id REFERENCES advertisers ON DELETE CASCADE,
    kind text NOT NULL CONSTRAINT ck_api_keys_kind CHECK (kind IN ('publishable', 'secret')),
    scopes text[] NOT NULL DEFAULT '{}',
    sha256 bytea NOT NULL CONSTRAINT uq_api_keys_sha256 UNIQUE,
    origins text[] NOT NULL DEFAULT '{}',
    created_at timestamptz NOT NULL DEFAULT now(),
    revoked_at timestamptz
);

CREATE TABLE products (
    store_id text NOT NULL CONSTRAINT fk_products_store_id REFERENCES stores ON DELETE CASCADE,
    product_id text NOT NULL,
    title text NOT NULL,
    link text NOT NULL,
    price_micros bigint NOT NULL CONSTRAINT ck_products_price CHECK (price_micros >= 0),
    description text NOT NULL DEFAULT '',
    brand text NOT NULL DEFAULT '',
    category text NOT NULL DEFAULT '',
    image_link text NOT NULL DEFAULT '',
    in_stock boolean NOT NULL DEFAULT true,
    highlights text[] NOT NULL DEFAULT '{}',
    attributes jsonb NOT NULL DEFAULT '{}',
    updated_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT pk_products PRIMARY KEY (store_id, product_id)
);

CREATE TABLE campaigns (
    id text CONSTRAINT pk_campaigns PRIMARY KEY,
    store_id text NOT NULL CONSTRAINT fk_campaigns_store_id REFERENCES stores ON DELETE CASCADE,
    advertiser_id text NOT NULL
        CONSTRAINT fk_campaigns_advertiser_id REFERENCES advertisers ON DELETE CASCADE,
    name text NOT NULL,
    status text NOT NULL DEFAULT 'paused'
        CONSTRAINT ck_campaigns_status CHECK (status IN ('paused', 'active', 'ended')),
    bid_micros bigint NOT NULL CONSTRAINT ck_campaigns_bid CHECK (bid_micros > 0),
    budget_micros bigint NOT NULL,
    spent_micros bigint NOT NULL DEFAULT 0,
    refused_micros bigint,
    starts_at timestamptz,
    ends_at timestamptz,
    platforms text[] NOT NULL DEFAULT '{}',
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT ck_campaigns_spent_within_budget
        CHECK (spent_micros BETWEEN 0 AND budget_micros)
);
CREATE INDEX ix_campaigns_store_id ON campaigns (store_id);

CREATE TABLE keywords (
    campaign_id text NOT NULL
        CONSTRAINT fk_keywords_campaign_id REFERENCES campaigns ON DELETE CASCADE,
    text text NOT NULL,
    match_type text NOT NULL
        CONSTRAINT ck_keywords_match_type CHECK (match_type IN ('exact', 'phrase', 'broad')),
    negative boolean NOT NULL DEFAULT false,
    CONSTRAINT pk_keywords PRIMARY KEY (campaign_id, text, match_type, negative)
);

CREATE TABLE ads (
    id text CONSTRAINT pk_ads PRIMARY KEY,
    store_id text NOT NULL,
    campaign_id text NOT NULL CONSTRAINT fk_ads_campaign_id REFERENCES campaigns ON DELETE CASCADE,
    product_id text NOT NULL,
    bid_micros bigint CONSTRAINT ck_ads_bid CHECK (bid_micros > 0),
    active boolean NOT NULL DEFAULT true,
    CONSTRAINT fk_ads_product FOREIGN KEY (store_id, product_id) REFERENCES products
        ON DELETE CASCADE
);
CREATE INDEX ix_ads_campaign_id ON ads (campaign_id);
CREATE INDEX ix_ads_product ON ads (store_id, product_id);

CREATE TABLE placements (
    store_id text NOT NULL CONSTRAINT fk_placements_store_id REFERENCES stores ON DELETE CASCADE,
    name text NOT NULL,
    platform text NOT NULL,
    slots smallint NOT NULL CONSTRAINT ck_placements_slots CHECK (slots BETWEEN 1 AND 50),
    reserve_micros bigint NOT NULL CONSTRAINT ck_placements_reserve CHECK (reserve_micros >= 0),
    title_limit smallint NOT NULL DEFAULT 150,
    selling_point_cap smallint NOT NULL DEFAULT 2,
    phrase_style text NOT NULL DEFAULT 'in_place',
    CONSTRAINT pk_placements PRIMARY KEY (store_id, name)
);

CREATE TABLE decisions (
    store_id text NOT NULL,
    ts timestamptz NOT NULL,
    request_id text NOT NULL,
    payload jsonb NOT NULL,
    CONSTRAINT pk_decisions PRIMARY KEY (store_id, ts, request_id)
) PARTITION BY RANGE (ts);

CREATE TABLE events (
    store_id text NOT NULL,
    ts timestamptz NOT NULL,
    type text NOT NULL,
    event_key text NOT NULL,
    received_at timestamptz NOT NULL,
    request_id text,
    impression_id text,
    user_id text,
    session text,
    ad_id text,
    campaign_id text,
    product_id text,
    slot smallint,
    price_micros bigint,
    query text,
    feature_word text,
    action text,
    position smallint,
    value_micros bigint,
    currency text,
    order_id text,
    line text,
    quantity double precision,
    invalid_reason text,
    payload jsonb NOT NULL DEFAULT '{}',
    CONSTRAINT pk_events PRIMARY KEY (store_id, ts, type, event_key)
) PARTITION BY RANGE (ts);
CREATE INDEX ix_events_shopper ON events (store_id, user_id, type, ts, event_key)
    WHERE user_id IS NOT NULL AND invalid_reason IS NULL
    AND (type IN ('click', 'search', 'hide') OR action = 'clicked');

CREATE TABLE event_keys (
    store_id text NOT NULL,
    type text NOT NULL,
    event_key text NOT NULL,
    ts timestamptz NOT NULL,
    CONSTRAINT pk_event_keys PRIMARY KEY (store_id, type, event_key)
);

CREATE TABLE charges (
    impression_id text CONSTRAINT pk_charges PRIMARY KEY,
    store_id text NOT NULL,
    campaign_id text NOT NULL
        CONSTRAINT fk_charges_campaign_id REFERENCES campaigns ON DELETE CASCADE,
    price_micros bigint NOT NULL CONSTRAINT ck_charges_price CHECK (price_micros >= 0),
    ts timestamptz NOT NULL,
    charged_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX ix_charges_campaign_id ON charges (campaign_id);

CREATE TABLE jobs (
    id text CONSTRAINT pk_jobs PRIMARY KEY,
    store_id text NOT NULL CONSTRAINT fk_jobs_store_id REFERENCES stores ON DELETE CASCADE,
    kind text NOT NULL,
    status text NOT NULL DEFAULT 'queued'
        CONSTRAINT ck_jobs_status CHECK (status IN ('queued', 'running', 'done', 'failed')),
    progress double precision NOT NULL DEFAULT 0,
    result jsonb NOT NULL DEFAULT '{}',
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE dead_letters (
    entry_id text CONSTRAINT pk_dead_letters PRIMARY KEY,
    kind text NOT NULL,
    body bytea NOT NULL,
    error text NOT NULL,
    tries integer NOT NULL,
    died_at timestamptz NOT NULL DEFAULT now()
);
"""

PARTITIONS = """
CREATE FUNCTION add_partitions(from_month date, months integer) RETURNS integer
LANGUAGE plpgsql AS $$
DECLARE
    parent text;
    first_day date;
    name text;
    made integer := 0;
BEGIN
    FOREACH parent IN ARRAY ARRAY['decisions', 'events'] LOOP
        FOR ahead IN 0 .. months - 1 LOOP
            first_day := (date_trunc('month', from_month) + make_interval(months => ahead))::date;
            name := parent || to_char(first_day, '_YYYY_MM');
            CONTINUE WHEN to_regclass(name) IS NOT NULL;
            BEGIN
                EXECUTE format(
                    'CREATE TABLE %I PARTITION OF %I FOR VALUES FROM (%L) TO (%L)',
                    name, parent,
                    first_day::text || ' 00:00:00+00',
                    (first_day + interval '1 month')::date::text || ' 00:00:00+00'
                );
                made := made + 1;
            EXCEPTION
                -- another process made it, or the default partition holds rows of that month
                WHEN duplicate_table OR check_violation THEN NULL;
            END;
        END LOOP;
    END LOOP;
    RETURN made;
END $$;

CREATE TABLE decisions_default PARTITION OF decisions DEFAULT;
CREATE TABLE events_default PARTITION OF events DEFAULT;
SELECT add_partitions((now() - interval '1 month')::date, 4);
"""

# Statement triggers with transition tables: one bump a statement, however many rows it writes.
VERSION = """
CREATE FUNCTION bump_by_store() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE stores SET catalogue_version = catalogue_version + 1
    WHERE id IN (SELECT DISTINCT store_id FROM written);
    RETURN NULL;
END $$;

CREATE FUNCTION bump_by_campaign() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE stores SET catalogue_version = catalogue_version + 1
    WHERE id IN (
        SELECT store_id FROM campaigns WHERE id IN (SELECT DISTINCT campaign_id FROM written)
    );
    RETURN NULL;
END $$;

CREATE FUNCTION bump_by_campaign_change() RETURNS trigger LANGUAGE plpgsql AS $$
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

CREATE FUNCTION bump_itself() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (new.name, new.currency, new.locale, new.site_url)
        IS DISTINCT FROM (old.name, old.currency, old.locale, old.site_url) THEN
        new.catalogue_version := old.catalogue_version + 1;
    END IF;
    RETURN new;
END $$;
CREATE TRIGGER bump_version BEFORE UPDATE ON stores FOR EACH ROW EXECUTE FUNCTION bump_itself();
"""

_BY_STORE = ("products", "ads", "placements", "api_keys")


def _trigger(table: str, event: str, function: str, tables: str) -> str:
    name = f"bump_version_{event.lower()}"
    return (
        f"CREATE TRIGGER {name} AFTER {event} ON {table} REFERENCING {tables} "
        f"FOR EACH STATEMENT EXECUTE FUNCTION {function}()"
    )


def _triggers() -> list[str]:
    functions = dict.fromkeys((*_BY_STORE, "campaigns"), "bump_by_store")
    functions["keywords"] = "bump_by_campaign"
    new, old = "NEW TABLE AS written", "OLD TABLE AS written"
    made = []
    for table, function in functions.items():
        made.append(_trigger(table, "INSERT", function, new))
        made.append(_trigger(table, "DELETE", function, old))
        if table == "campaigns":  # a charge raises `spent`, which no snapshot needs
            both = f"{new} OLD TABLE AS before"
            made.append(_trigger(table, "UPDATE", "bump_by_campaign_change", both))
        else:
            made.append(_trigger(table, "UPDATE", function, new))
    return made


def upgrade() -> None:
    for part in (TABLES, PARTITIONS, VERSION, *_triggers()):
        op.execute(part)


def downgrade() -> None:
    op.execute(
        "DROP TABLE dead_letters, jobs, charges, event_keys, events, decisions, placements, ads, "
        "keywords, campaigns, products, api_keys, advertisers, stores CASCADE"
    )
    op.execute(
        "DROP FUNCTION add_partitions, bump_by_store, bump_by_campaign, "
        "bump_by_campaign_change, bump_itself"
    )
