"""Payments, refunds, invoices and reconciliation from the command line."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from typer.testing import CliRunner, Result

from service.__main__ import app
from service.errors import BadInputError
from service.store.events import add_events
from service.store.ledger import charge
from service.store.postgres import open_engine
from service.worker.charging import dues_of
from tests.unit.store.made import campaign, fill
from tests.unit.store.test_reconcile import at

if TYPE_CHECKING:
    from pathlib import Path


pytestmark = pytest.mark.usefixtures("emptied")


@pytest.fixture(autouse=True)
async def _shop(
    database_url: str, redis_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One campaign of one merchant, with three clicks of 100 micros."""
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setenv("REDIS_URL", redis_url)
    monkeypatch.setenv("SALIENT_STATE", str(tmp_path))
    engine = open_engine(database_url)
    async with engine.begin() as connection:
        await fill(connection, campaign())
        clicks = [at(number, 100, "cmp_1") for number in range(3)]
        await charge(connection, dues_of(await add_events(connection, clicks)))
    await engine.dispose()


def salient(*words: str, code: int = 0) -> Result:
    result = CliRunner().invoke(app, list(words))
    assert result.exit_code == code, (result.output, result.exception)
    return result


def last_line(result: Result) -> Any:
    return json.loads(result.output.splitlines()[-1])


def test_all_adds_up_until_somebody_meddles(database_url: str) -> None:
    told = salient("reconcile")
    assert last_line(told) == {
        "campaigns": 1,
        "ledger_micros": 300,
        "spent_micros": 300,
        "events_micros": 300,
        "difference_micros": 0,
        "unpaid_micros": 0,
    }
    with psycopg.connect(database_url) as connection:
        connection.execute("UPDATE campaigns SET spent_micros = 299")
    meddled = salient("reconcile", code=1)
    assert "cmp_1: ledger 300, spent 299" in meddled.output
    assert last_line(meddled)["difference_micros"] == 1
    figures = salient("reconcile", "--json", "--store", "sto_1", code=1)
    assert len(figures.output.splitlines()) == 1
    later = salient("reconcile", "--since", "2100-01-01T00:00:00Z", code=1)
    assert last_line(later)["difference_micros"] == 1


def test_a_payment_begins_a_balance() -> None:
    # 300 micros were spent on account; 12.50 EUR are all left
    made = salient("payments", "add", "adv_1", "12,50 EUR", "--note", "Transfer")
    payment_id, balance = made.output.splitlines()
    assert payment_id.startswith("pay_")
    assert balance == "the balance is 12.500000"
    assert last_line(salient("reconcile"))["difference_micros"] == 0
    for words in (("adv_none", "1"), ("adv_1", "0"), ("adv_1", "1 USD")):
        refused = salient("payments", "add", *words, code=1)
        assert isinstance(refused.exception, BadInputError)


def test_refunds_of_impressions_and_of_a_time() -> None:
    named = salient("refund", "imp_0", "imp_none", "--reason", "goodwill")
    assert last_line(named) == {"refunded": 1, "refunded_micros": 100}
    hours = ("--from", "2026-01-01T00:00:00Z", "--to", "2100-01-01T00:00:00Z")
    rest = salient("refund", "--reason", "bot", "--campaign", "cmp_1", *hours)
    assert last_line(rest) == {"refunded": 2, "refunded_micros": 200}
    assert last_line(salient("reconcile"))["ledger_micros"] == 0
    for words, said in (
        (("imp_0",), "give --reason, one of bot, "),
        (("--reason", "bot", "--campaign", "cmp_1"), "with --from and --to"),
        (("imp_0", "--reason", "bot", "--campaign", "cmp_none"), "no campaign 'cmp_none'"),
        (("imp_0", "--reason", "bot", "--from", "yesterday"), "not a time: 'yesterday'"),
    ):
        refused = salient("refund", *words, code=1)
        assert said in str(refused.exception)


def test_an_invoice_is_shown_or_written(tmp_path: Path, database_url: str) -> None:
    with psycopg.connect(database_url) as connection:
        row = connection.execute("SELECT to_char(min(day), 'YYYY-MM') FROM charges").fetchone()
    assert row is not None
    shown = salient("invoice", "adv_1", row[0])
    assert shown.output.splitlines()[-1] == f"{row[0]},,,total,3,EUR,0.000300,0.000000,300,0"
    salient("invoice", "adv_1", row[0], "--out", str(tmp_path / "november.csv"))
    written = (tmp_path / "november.csv").read_bytes()
    assert written.endswith(b",300,0\r\n")
    assert "a month is written as" in str(salient("invoice", "adv_1", "11", code=1).exception)
