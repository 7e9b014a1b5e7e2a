"""A database of before experiments goes up, down and up again; only what runs makes versions."""

from __future__ import annotations

from typing import TYPE_CHECKING

import psycopg
import pytest
from alembic import command

from service.store.migrate import migrate, migrations_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from service.store.embedded.stores import EmbeddedStores

STORE = """
INSERT INTO stores (id, name, currency, locale, site_url) VALUES ('s', 'S', 'EUR', 'en', 'https://s')
"""
DRAFTS = """
INSERT INTO experiments (id, store_id, name, salt, arms)
SELECT 'exp_' || n, 's', 'E', 'salt', '[]' FROM generate_series(1, 2) AS n
"""
RUN = "UPDATE experiments SET status = 'running' WHERE id = %s"
STOP = "UPDATE experiments SET status = 'stopped' WHERE id = 'exp_1'"


@pytest.fixture
def url(stores: EmbeddedStores) -> Iterator[str]:
    with psycopg.connect(stores.postgres.url("postgres"), autocommit=True) as connection:
        connection.execute("CREATE DATABASE of_before_experiments")
        yield stores.postgres.url("of_before_experiments")
        connection.execute("DROP DATABASE of_before_experiments WITH (FORCE)")


def test_a_store_of_before_runs_one_experiment_at_a_time(url: str) -> None:
    migrate(url, "0004")
    with psycopg.connect(url) as connection:
        connection.execute(STORE)
    migrate(url)
    with psycopg.connect(url, autocommit=True) as connection:

        def version() -> int:
            found = connection.execute("SELECT catalogue_version FROM stores").fetchone()
            assert found is not None
            return int(found[0])

        connection.execute(DRAFTS)
        assert version() == 1
        connection.execute(RUN, ["exp_1"])
        assert version() == 2
        with pytest.raises(psycopg.errors.UniqueViolation):
            connection.execute(RUN, ["exp_2"])
        connection.execute(STOP)
        assert version() == 3
        connection.execute(RUN, ["exp_2"])
        connection.execute("DELETE FROM experiments")
        assert version() == 5
    command.downgrade(migrations_of(url), "0004")
    migrate(url)
