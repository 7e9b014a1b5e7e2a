"""Events and decisions lie in partitions of a day, made ahead and dropped when they are old.

Revision ID: 0011
Revises: 0010
Create Date: 2026-11-22
"""

from __future__ import annotations

from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

ONE_DAY = """
CREATE FUNCTION add_day_partition(parent text, day date) RETURNS boolean
LANGUAGE plpgsql AS $$
DECLARE
    name text := parent || to_char(day, '_YYYY_MM_DD');
    low text := day::text || ' 00:00:00+00';
    high text := (day + 1)::text || ' 00:00:00+00';
    late boolean;
BEGIN
    IF to_regclass(name) IS NOT NULL
        OR to_regclass(parent || to_char(day, '_YYYY_MM')) IS NOT NULL THEN
        RETURN false;
    END IF;
    EXECUTE format(
        'SELECT EXISTS (SELECT 1 FROM %I WHERE ts >= %L AND ts < %L)',
        parent || '_default', low, high
    ) INTO late;
    IF late THEN  -- they came before their day was made
        EXECUTE format('LOCK TABLE %I IN SHARE ROW EXCLUSIVE MODE', parent || '_default');
        EXECUTE format(
            'CREATE TABLE %I (LIKE %I INCLUDING DEFAULTS INCLUDING CONSTRAINTS)', name, parent
        );
        EXECUTE format(
            'WITH moved AS (DELETE FROM %I WHERE ts >= %L AND ts < %L RETURNING *)'
            ' INSERT INTO %I SELECT * FROM moved',
            parent || '_default', low, high, name
        );
        EXECUTE format(
            'ALTER TABLE %I ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)',
            parent, name, low, high
        );
    ELSE
        EXECUTE format(
            'CREATE TABLE %I PARTITION OF %I FOR VALUES FROM (%L) TO (%L)',
            name, parent, low, high
        );
    END IF;
    RETURN true;
EXCEPTION
    -- another process made it, or a row came meanwhile: the next look will find either
    WHEN duplicate_table OR check_violation OR invalid_object_definition THEN RETURN false;
END $$;
"""

MANY_DAYS = """
CREATE FUNCTION add_day_partitions(first_day date, days integer) RETURNS integer
LANGUAGE sql AS $$
    SELECT count(*) FILTER (WHERE add_day_partition(parent, first_day + ahead))::integer
    FROM unnest(ARRAY['decisions', 'events']) AS parent, generate_series(0, days - 1) AS ahead
$$;

-- as workers of before this version call it: a month that the default partition holds rows of is
-- left there, and the months made are counted
CREATE OR REPLACE FUNCTION add_partitions(from_month date, months integer) RETURNS integer
LANGUAGE plpgsql AS $$
DECLARE
    parent text;
    first_day date;
    next_month date;
    late boolean;
    made integer := 0;
BEGIN
    FOREACH parent IN ARRAY ARRAY['decisions', 'events'] LOOP
        FOR ahead IN 0 .. months - 1 LOOP
            first_day := (date_trunc('month', from_month) + make_interval(months => ahead))::date;
            next_month := (first_day + interval '1 month')::date;
            EXECUTE format(
                'SELECT EXISTS (SELECT 1 FROM %I WHERE ts >= %L AND ts < %L)',
                parent || '_default', first_day::text || ' 00:00:00+00',
                next_month::text || ' 00:00:00+00'
            ) INTO late;
            CONTINUE WHEN late;
            made := made + (
                SELECT count(*) FILTER (WHERE add_day_partition(parent, first_day + day)) > 0
                FROM generate_series(0, next_month - first_day - 1) AS day
            )::integer;
        END LOOP;
    END LOOP;
    RETURN made;
END $$;
"""

OLD_ONES = """
CREATE FUNCTION drop_partitions(before date) RETURNS text[]
LANGUAGE plpgsql AS $$
DECLARE
    child record;
    dropped text[] := '{}';
BEGIN
    FOR child IN
        SELECT c.relname::text AS name,
            substring(pg_get_expr(c.relpartbound, c.oid) FROM 'TO \\(''([^'']+)''\\)')::timestamptz
                AS upper
        FROM pg_inherits JOIN pg_class c ON c.oid = inhrelid
        WHERE inhparent IN ('decisions'::regclass, 'events'::regclass)
        ORDER BY c.relname
    LOOP
        CONTINUE WHEN child.upper IS NULL;  -- the default one
        CONTINUE WHEN child.upper > before::timestamp AT TIME ZONE 'UTC';
        EXECUTE format('DROP TABLE %I', child.name);
        dropped := dropped || child.name;
    END LOOP;
    RETURN dropped;
END $$;
"""

FROM_MONTHS = """
DO $$
DECLARE
    child regclass;
    filled boolean;
BEGIN
    FOR child IN
        SELECT inhrelid FROM pg_inherits JOIN pg_class c ON c.oid = inhrelid
        WHERE inhparent IN ('decisions'::regclass, 'events'::regclass)
            AND pg_get_expr(c.relpartbound, c.oid) <> 'DEFAULT'
    LOOP
        EXECUTE format('SELECT EXISTS (SELECT 1 FROM %s)', child) INTO filled;
        IF NOT filled THEN
            EXECUTE format('DROP TABLE %s', child);
        END IF;
    END LOOP;
END $$;
SELECT add_day_partitions((now() AT TIME ZONE 'UTC')::date - 2, 17);
"""

MONTHS = """
CREATE OR REPLACE FUNCTION add_partitions(from_month date, months integer) RETURNS integer
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
"""

TO_MONTHS = """
CREATE TEMPORARY TABLE days ON COMMIT DROP AS
    SELECT inhparent::regclass AS parent, inhrelid::regclass AS child,
        to_date(substring(c.relname FROM '\\d{4}_\\d\\d_\\d\\d$'), 'YYYY_MM_DD') AS day
    FROM pg_inherits JOIN pg_class c ON c.oid = inhrelid
    WHERE inhparent IN ('decisions'::regclass, 'events'::regclass)
        AND c.relname ~ '_\\d{4}_\\d\\d_\\d\\d$';
DO $$
DECLARE
    one record;
BEGIN
    FOR one IN SELECT * FROM days LOOP
        EXECUTE format('ALTER TABLE %s DETACH PARTITION %s', one.parent, one.child);
    END LOOP;
    PERFORM add_partitions(month, 1) FROM (SELECT DISTINCT date_trunc('month', day)::date AS month
        FROM days) AS months;
    FOR one IN SELECT * FROM days LOOP
        EXECUTE format('INSERT INTO %s SELECT * FROM %s', one.parent, one.child);
        EXECUTE format('DROP TABLE %s', one.child);
    END LOOP;
END $$;
DROP FUNCTION drop_partitions, add_day_partitions, add_day_partition;
"""


def upgrade() -> None:
    for part in (ONE_DAY, MANY_DAYS, OLD_ONES, FROM_MONTHS):
        op.execute(part)


def downgrade() -> None:
    for part in (MONTHS, TO_MONTHS):
        op.execute(part)
