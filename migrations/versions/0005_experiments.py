"""Experiments: arms that shoppers are spread over.

Revision ID: 0005
Revises: 0004
Create Date: 2026-11-22
"""

from __future__ import annotations

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

# Snapshots hold what runs, so a draft makes no new version.
UPGRADE = """
CREATE TABLE experiments (
    id text CONSTRAINT pk_experiments PRIMARY KEY,
    store_id text NOT NULL CONSTRAINT fk_experiments_store_id REFERENCES stores ON DELETE CASCADE,
    name text NOT NULL,
    layer text NOT NULL DEFAULT 'selling_points',
    status text NOT NULL DEFAULT 'draft'
        CONSTRAINT ck_experiments_status CHECK (status IN ('draft', 'running', 'stopped')),
    salt text NOT NULL,
    arms jsonb NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    started_at timestamptz,
    stopped_at timestamptz
);
CREATE INDEX ix_experiments_store_id ON experiments (store_id, id);
CREATE UNIQUE INDEX ix_experiments_running ON experiments (store_id, layer)
    WHERE status = 'running';

CREATE FUNCTION bump_by_experiment() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE stores SET catalogue_version = catalogue_version + 1
    WHERE id = coalesce(new.store_id, old.store_id);
    RETURN NULL;
END $$;
CREATE TRIGGER bump_version_insert AFTER INSERT ON experiments
    FOR EACH ROW WHEN (new.status = 'running') EXECUTE FUNCTION bump_by_experiment();
CREATE TRIGGER bump_version_update AFTER UPDATE ON experiments
    FOR EACH ROW WHEN (old.status = 'running' OR new.status = 'running')
    EXECUTE FUNCTION bump_by_experiment();
CREATE TRIGGER bump_version_delete AFTER DELETE ON experiments
    FOR EACH ROW WHEN (old.status = 'running') EXECUTE FUNCTION bump_by_experiment();
"""

DOWNGRADE = """
DROP TABLE experiments;
DROP FUNCTION bump_by_experiment;
"""


def upgrade() -> None:
    op.execute(UPGRADE)


def downgrade() -> None:
    op.execute(DOWNGRADE)
