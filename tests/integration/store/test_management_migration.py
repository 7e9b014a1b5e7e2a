"""A database of before the management API keeps all that it holds, up and down again."""

from __future__ import annotations

from typing import TYPE_CHECKING

import psycopg
import pytest
from alembic import command

from service.store.migrate import migrate, migrations_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from service.store.embedded.stores import EmbeddedStores

BEFORE = """
INSERT INTO stores (id, name, currency, locale, site_url) VALUES ('s', 'S', 'EUR', 'en', 'https://s');
INSERT INTO advertisers (id, store_id, name) VALUES ('a', 's', 'A');
INSERT INTO campaigns (id, store_id, advertiser_id, name, bid_micros, budget_micros, spent_micros)
    VALUES ('c', 's', 'a', 'C', 10, 100, 5);
INSERT INTO keywords (campaign_id, text, match_type)
    SELECT 'c', 'word ' || n, 'broad' FROM generate_series(1, 500) AS n;
INSERT INTO charges (impression_id, store_id, campaign_id, price_micros, ts)
    VALUES ('i', 's', 'c', 5, now());
"""
# what a process of version 1 writes while the database is new already
BY_OLDER = "INSERT INTO keywords (campaign_id, text, match_type) VALUES ('c', 'late', 'exact')"


@pytest.fixture
def url(stores: EmbeddedStores) -> Iterator[str]:
    with psycopg.connect(stores.postgres.url("postgres"), autocommit=True) as connection:
        connection.execute("CREATE DATABASE of_before")
        yield stores.postgres.url("of_before")
        connection.execute("DROP DATABASE of_before WITH (FORCE)")


def test_rows_of_before_are_kept_and_charges_hold_on(url: str) -> None:
    migrate(url, "0001")
    with psycopg.connect(url) as connection:
        connection.execute(BEFORE)
    migrate(url)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(BY_OLDER)
        found = connection.execute("SELECT count(*), count(DISTINCT id) FROM keywords").fetchone()
        assert found == (501, 501)
        with pytest.raises(psycopg.errors.ForeignKeyViolation):
            connection.execute("DELETE FROM campaigns")
    command.downgrade(migrations_of(url), "0001")
    with psycopg.connect(url, autocommit=True) as connection:
        for table, count in (("keywords", 501), ("charges", 1), ("campaigns", 1)):
            found = connection.execute(f"SELECT count(*) FROM {table}").fetchone()  # noqa: S608
            assert found == (count,)
    migrate(url)
