"""Placements of before sell as they did; what cannot be is refused by the schema."""

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
INSERT INTO placements (store_id, name, platform, slots, reserve_micros)
VALUES ('s', 'top', 'web', 4, 5)
"""
AUCTION = (
    "SELECT rule, squash_ppm, relevance_floor_ppm, exposure_ppm, reserve_micros FROM placements"
)


@pytest.fixture
def url(stores: EmbeddedStores) -> Iterator[str]:
    with psycopg.connect(stores.postgres.url("postgres"), autocommit=True) as connection:
        connection.execute("CREATE DATABASE of_before_auctions")
        yield stores.postgres.url("of_before_auctions")
        connection.execute("DROP DATABASE of_before_auctions WITH (FORCE)")


def test_placements_of_before_go_on_as_they_did(url: str) -> None:
    migrate(url, "0008")
    with psycopg.connect(url) as connection:
        connection.execute(BEFORE)
    migrate(url)
    with psycopg.connect(url) as connection:
        held = connection.execute(AUCTION).fetchall()
    assert held == [("gsp", 1_000_000, 0, [], 5)]
    command.downgrade(migrations_of(url), "0008")
    migrate(url)
    with psycopg.connect(url) as connection:
        assert connection.execute(AUCTION).fetchall() == held


@pytest.mark.parametrize(
    "wrong",
    [
        "rule = 'third'",
        "squash_ppm = -1",
        "relevance_floor_ppm = 1000001",
        "exposure_ppm = '{5,0}'",
    ],
)
def test_the_schema_refuses_what_no_auction_can_be(url: str, wrong: str) -> None:
    migrate(url)
    with psycopg.connect(url) as connection:
        connection.execute(BEFORE)
        with pytest.raises(psycopg.errors.CheckViolation):
            connection.execute(f"UPDATE placements SET {wrong}")  # noqa: S608 - our own
