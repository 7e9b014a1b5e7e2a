"""Imports: jobs with a lease, their uploads and findings; what people said of selling points.

Revision ID: 0003
Revises: 0002
Create Date: 2026-11-22
"""

from __future__ import annotations

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

UPGRADE = """
ALTER TABLE jobs
    ADD COLUMN key_id text NOT NULL DEFAULT '',
    ADD COLUMN advertiser_id text,
    ADD COLUMN spec jsonb NOT NULL DEFAULT '{}',
    ADD COLUMN attempt integer NOT NULL DEFAULT 0,
    ADD COLUMN leased_until timestamptz,
    ADD COLUMN lines bigint NOT NULL DEFAULT 0,
    ADD COLUMN error text,
    ADD COLUMN started_at timestamptz,
    ADD COLUMN finished_at timestamptz;
CREATE INDEX ix_jobs_store_id ON jobs (store_id, id);
CREATE INDEX ix_jobs_unfinished ON jobs (created_at, id) WHERE status IN ('queued', 'running');

CREATE TABLE job_chunks (
    job_id text NOT NULL,
    number integer NOT NULL,
    body bytea NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT pk_job_chunks PRIMARY KEY (job_id, number)
);
-- an upload is as it came: packing it anew costs more than it saves
ALTER TABLE job_chunks ALTER COLUMN body SET STORAGE EXTERNAL;

CREATE TABLE job_findings (
    job_id text NOT NULL CONSTRAINT fk_job_findings_job_id REFERENCES jobs ON DELETE CASCADE,
    number integer NOT NULL,
    line bigint NOT NULL,
    severity text NOT NULL
        CONSTRAINT ck_job_findings_severity CHECK (severity IN ('error', 'warning')),
    field text NOT NULL,
    received text NOT NULL,
    advice text NOT NULL,
    CONSTRAINT pk_job_findings PRIMARY KEY (job_id, number)
);

-- no foreign key to products: what is banned stays banned when a feed brings the product back
CREATE TABLE selling_point_verdicts (
    store_id text NOT NULL
        CONSTRAINT fk_selling_point_verdicts_store_id REFERENCES stores ON DELETE CASCADE,
    product_id text NOT NULL,
    selling_point_id text NOT NULL,
    text text NOT NULL,
    state text NOT NULL
        CONSTRAINT ck_selling_point_verdicts_state
        CHECK (state IN ('approved', 'locked', 'banned')),
    updated_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT pk_selling_point_verdicts PRIMARY KEY (store_id, product_id, selling_point_id)
);
CREATE INDEX ix_selling_point_verdicts_updated_at ON selling_point_verdicts (updated_at);
"""

DOWNGRADE = """
DROP TABLE selling_point_verdicts, job_findings, job_chunks;
DROP INDEX ix_jobs_unfinished, ix_jobs_store_id;
ALTER TABLE jobs
    DROP COLUMN key_id,
    DROP COLUMN advertiser_id,
    DROP COLUMN spec,
    DROP COLUMN attempt,
    DROP COLUMN leased_until,
    DROP COLUMN lines,
    DROP COLUMN error,
    DROP COLUMN started_at,
    DROP COLUMN finished_at;
"""


def _trigger(event: str, tables: str) -> str:
    return (
        f"CREATE TRIGGER bump_version_{event.lower()} AFTER {event} ON selling_point_verdicts"
        f" REFERENCING {tables} FOR EACH STATEMENT EXECUTE FUNCTION bump_by_store()"
    )


def upgrade() -> None:
    op.execute(UPGRADE)
    for event, tables in (
        ("INSERT", "NEW TABLE AS written"),
        ("UPDATE", "NEW TABLE AS written"),
        ("DELETE", "OLD TABLE AS written"),
    ):
        op.execute(_trigger(event, tables))


def downgrade() -> None:
    op.execute(DOWNGRADE)
