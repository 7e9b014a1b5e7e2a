"""Money from the command line: payments, refunds, invoices, and whether all adds up."""

from __future__ import annotations

import asyncio
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import orjson
import typer

from service.errors import BadInputError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from sqlalchemy.ext.asyncio import AsyncEngine

Result = TypeVar("Result")

StoreId = Annotated[
    str | None, typer.Option("--store", help="Store id; not needed where there is only one store.")
]
StateFolder = Annotated[
    Path | None, typer.Option("--state", help="State folder; SALIENT_STATE in the environment.")
]
Advertiser = Annotated[str, typer.Argument(help="The advertiser's id.")]

payments = typer.Typer(
    help="What advertisers pay ahead.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


def _with_engine(state: Path | None, work: Callable[[AsyncEngine], Awaitable[Result]]) -> Result:
    from service.commands.reach import open_migrated
    from service.settings import Settings
    from service.store.postgres import open_engine

    async def run(url: str) -> Result:
        engine = open_engine(url)
        try:
            return await work(engine)
        finally:
            await engine.dispose()

    settings = Settings() if state is None else Settings(state=state)
    with open_migrated(settings) as urls:
        return asyncio.run(run(urls.database_url))


def _moment(given: str | None) -> datetime | None:
    if given is None:
        return None
    try:
        moment = datetime.fromisoformat(given)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise BadInputError(f"not a time: {given!r}; give 2026-01-31T09:00:00Z with its zone")
    return moment


@payments.command("add")
def payments_add(
    advertiser: Advertiser,
    amount: Annotated[str, typer.Argument(help="Such as '250.00 EUR'.")],
    note: Annotated[str, typer.Option(help="What people call it.")] = "",
    store: StoreId = None,
    state: StateFolder = None,
) -> None:
    """Book what an advertiser paid ahead; with the first payment its balance begins."""
    from service.commands.ledger import book_payment

    payment_id, balance = _with_engine(
        state, lambda engine: book_payment(engine, store, advertiser, (amount, note))
    )
    typer.echo(f"{payment_id}\nthe balance is {balance // 1_000_000}.{balance % 1_000_000:06}")


def refund(  # noqa: PLR0913, PLR0917 - one argument for each option of the command
    impressions: Annotated[list[str] | None, typer.Argument(help="Impression ids.")] = None,
    reason: Annotated[str, typer.Option(help="bot, too_many, invalid, goodwill, ...")] = "",
    campaign: Annotated[str | None, typer.Option(help="Charges of this campaign.")] = None,
    since: Annotated[str | None, typer.Option("--from", help="Booked then or later.")] = None,
    until: Annotated[str | None, typer.Option("--to", help="Booked before then.")] = None,
    store: StoreId = None,
    state: StateFolder = None,
) -> None:
    """Give charges back: of impressions, or of a campaign in a time."""
    from service.commands.ledger import refund_all, refund_query
    from service.store.refunds import RefundQuery, RefundReason

    if reason not in set(RefundReason):
        raise BadInputError(f"give --reason, one of {', '.join(RefundReason)}; got {reason!r}")
    if not impressions and None in {campaign, since, until}:
        raise BadInputError("name impressions, or a --campaign with --from and --to")
    asked = RefundQuery("", impressions or None, campaign, _moment(since), _moment(until))

    async def work(engine: AsyncEngine) -> tuple[int, int]:
        query = await refund_query(engine, store, asked)
        return await refund_all(engine, query, RefundReason(reason))

    count, micros = _with_engine(state, work)
    typer.echo(orjson.dumps({"refunded": count, "refunded_micros": micros}).decode())


def invoice(
    advertiser: Advertiser,
    month: Annotated[str, typer.Argument(help="Such as 2026-11.")],
    out: Annotated[Path | None, typer.Option("--out", help="A .csv file to write.")] = None,
    store: StoreId = None,
    state: StateFolder = None,
) -> None:
    """Write what an advertiser's campaigns paid in a month, as CSV."""
    from service.commands.ledger import invoice_table

    table = _with_engine(state, lambda engine: invoice_table(engine, store, advertiser, month))
    if out is None:
        typer.echo(table, nl=False)
    else:
        out.write_text(table, newline="")


def reconcile(
    store: Annotated[str | None, typer.Option(help="Only this store.")] = None,
    since: Annotated[str | None, typer.Option(help="Compare events from then on.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="The figures only.")] = False,
    state: StateFolder = None,
) -> None:
    """See that ledger, campaigns, days, balances and events add up; exit 1 if they do not."""
    from service.store.reconcile import reconcile as compare

    begin = _moment(since)
    done = _with_engine(state, lambda engine: compare(engine, store, begin))
    if not as_json:
        typer.echo(f"events compared from {done.since:%Y-%m-%d %H:%M} UTC on")
        for line in done.found:
            typer.echo(line)
    typer.echo(orjson.dumps(done.figures()).decode())
    if done.difference:
        raise typer.Exit(1)


def add_commands(app: typer.Typer) -> None:
    """Put them into the `salient` command."""
    app.add_typer(payments, name="payments")
    for command in (refund, invoice, reconcile):
        app.command()(command)
