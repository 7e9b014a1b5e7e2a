"""What the worker gave up: show it, and let it be tried again once the reason is gone."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Annotated

import orjson
import typer

if TYPE_CHECKING:
    from sqlalchemy import RowMapping

    from service.store.embedded.stores import StoreUrls

Limit = Annotated[int, typer.Option(min=1, max=10_000, help="How many, the newest first.")]
EntryIds = Annotated[
    list[str] | None, typer.Argument(help="Ids as `list` shows them; none: say --all.")
]


def add_commands(app: typer.Typer) -> None:
    """Put `dead-letters list` and `dead-letters retry` on `app`."""
    group = typer.Typer(
        help="Events that no number of tries could store.",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
    )
    group.command("list")(list_dead_letters)
    group.command("retry")(retry_dead_letters)
    app.add_typer(group, name="dead-letters")


def list_dead_letters(limit: Limit = 50) -> None:
    """Print what was given up, a line of JSON each: id, when, kind, tries, why, and the body."""
    from service.commands.reach import open_migrated
    from service.settings import Settings

    with open_migrated(Settings()) as urls:
        for row in asyncio.run(_list(urls.database_url, limit)):
            typer.echo(_line(row))


def retry_dead_letters(
    ids: EntryIds = None,
    every: Annotated[bool, typer.Option("--all", help="All that there are.")] = False,
) -> None:
    """Put entries back into the stream: the worker tries them anew, five times."""
    if bool(ids) == every:
        raise typer.BadParameter("name entries as `salient dead-letters list` does, or say --all")
    from service.commands.reach import open_migrated
    from service.settings import Settings

    with open_migrated(Settings()) as urls:
        done = asyncio.run(_retry(urls, ids or []))
    missing = sorted(set(ids or []) - set(done))
    if missing:
        typer.echo(f"not there: {', '.join(missing)}", err=True)
    typer.echo(f"{len(done)} sent again")
    if missing:
        raise typer.Exit(1)


def _line(row: RowMapping) -> str:
    told = {
        "id": row["entry_id"],
        "died_at": row["died_at"],
        "kind": row["kind"],
        "tries": row["tries"],
        "error": row["error"],
        "body": bytes(row["body"]).decode(errors="backslashreplace"),
    }
    return orjson.dumps(told).decode()


async def _list(database_url: str, limit: int) -> list[RowMapping]:
    from service.store.postgres import open_engine
    from service.worker.dead_letters import list_dead

    engine = open_engine(database_url)
    try:
        async with engine.connect() as connection:
            return await list_dead(connection, limit=limit)
    finally:
        await engine.dispose()


async def _retry(urls: StoreUrls, ids: list[str]) -> list[str]:
    from redis.asyncio import Redis

    from service.store.postgres import open_engine
    from service.worker.dead_letters import try_again

    engine = open_engine(urls.database_url)
    try:
        async with Redis.from_url(urls.redis_url) as redis, engine.begin() as connection:
            return await try_again(connection, redis, ids)
    finally:
        await engine.dispose()
