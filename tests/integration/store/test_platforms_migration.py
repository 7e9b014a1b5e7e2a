"""Charges of before belong to no platform; those from now on are added up by platform and day."""

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
INSERT INTO stores (id, name, currency, locale, site_url)
VALUES ('s', 'S', 'EUR', 'en', 'https://s');
INSERT INTO advertisers (id, store_id, name) VALUES ('a', 's', 'A');
INSERT INTO campaigns (id, store_id, advertiser_id, name, bid_micros, budget_micros)
VALUES ('c', 's', 'a', 'C', 5, 1000);
INSERT INTO charges (impression_id, store_id, campaign_id, price_micros, ts, day)
VALUES ('i0', 's', 'c', 5, now(), '2026-11-22')
"""
CHARGE = (
    "INSERT INTO charges (impression_id, store_id, campaign_id, price_micros, ts, day, platform)"
    " VALUES (%s, 's', 'c', %s, now(), '2026-11-22', %s)"
)
REFUND = (  # as a process of the version before writes it
    "INSERT INTO charges (impression_id, kind, charge_key, store_id, campaign_id, price_micros,"
    " ts, day, of_kind, of_key, reason) VALUES (%s, 'refund', 'click//bot', 's', 'c', %s, now(),"
    " '2026-11-22', 'click', '', 'bot')"
)
HELD = "SELECT platform, spent_micros FROM campaign_platform_days ORDER BY platform"
OF_DAY = "SELECT spent_micros FROM campaign_days"


@pytest.fixture
def url(stores: EmbeddedStores) -> Iterator[str]:
    with psycopg.connect(stores.postgres.url("postgres"), autocommit=True) as connection:
        connection.execute("CREATE DATABASE of_before_platforms")
        yield stores.postgres.url("of_before_platforms")
        connection.execute("DROP DATABASE of_before_platforms WITH (FORCE)")


def test_charges_are_added_up_by_platform_and_refunds_go_back_to_it(url: str) -> None:
    migrate(url, "0011")
    with psycopg.connect(url) as connection:
        connection.execute(BEFORE)
    migrate(url)
    with psycopg.connect(url) as connection:
        for row in (("i1", 7, "web"), ("i2", 9, "web"), ("i3", 11, "app"), ("i4", 13, None)):
            connection.execute(CHARGE, row)
        assert connection.execute(HELD).fetchall() == [("app", 11), ("web", 16)]
        for impression, micros in (("i1", -4), ("i0", -5)):  # i0 knows no platform
            connection.execute(REFUND, (impression, micros))
        assert connection.execute(HELD).fetchall() == [("app", 11), ("web", 12)]
        # 5 + 7 + 9 + 11 + 13 - 4 - 5
        assert connection.execute(OF_DAY).fetchall() == [(36,)]
    command.downgrade(migrations_of(url), "0011")
    with psycopg.connect(url) as connection:
        connection.execute(REFUND.replace("click//bot", "click//2"), ("i2", -9))
        assert connection.execute(OF_DAY).fetchall() == [(27,)]


def test_no_platform_spends_above_its_limit(url: str) -> None:
    migrate(url)
    with psycopg.connect(url) as connection:
        connection.execute(BEFORE)
        connection.execute(CHARGE, ("i1", 7, "web"))
        connection.execute("UPDATE campaign_platform_days SET limit_micros = 10")
        connection.execute(CHARGE, ("i2", 3, "web"))
        with pytest.raises(psycopg.errors.CheckViolation, match="spent_within_limit"):
            connection.execute(CHARGE, ("i3", 1, "web"))


@pytest.mark.parametrize(
    "wrong",
    [
        "hour = '2026-11-22 10:30+00'",
        "clicks = -1",
        "source = 'guessed'",
    ],
)
def test_the_schema_refuses_what_no_hour_can_be(url: str, wrong: str) -> None:
    migrate(url)
    with psycopg.connect(url) as connection:
        connection.execute(BEFORE)
        connection.execute(
            "INSERT INTO platform_results (store_id, platform, hour, source)"
            " VALUES ('s', 'web', '2026-11-22 10:00+00', 'own')"
        )
        with pytest.raises(psycopg.errors.CheckViolation):
            connection.execute(f"UPDATE platform_results SET {wrong}")  # noqa: S608 - our own
