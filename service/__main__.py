"""The `salient` command. What a command needs is imported only when it runs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from service.errors import AdServiceError

if TYPE_CHECKING:
    from service.settings import Settings

app = typer.Typer(
    help="An ad server for online shops: ranks, auctions, personalises titles, and learns.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

Port = Annotated[int | None, typer.Option(help="Port to listen on; PORT in the environment.")]
Host = Annotated[str | None, typer.Option(help="Address to listen on; HOST in the environment.")]
StateFolder = Annotated[
    Path | None, typer.Option("--state", help="State folder; SALIENT_STATE in the environment.")
]


def _settings(**given: Any) -> Settings:
    from service.settings import Settings

    return Settings(**{name: value for name, value in given.items() if value is not None})


@app.command()
def up(
    port: Port = None,
    host: Host = None,
    state: StateFolder = None,
    tied: Annotated[bool, typer.Option("--tied", hidden=True)] = False,
) -> None:
    """Start everything: stores, tables, demo shop, API and worker."""
    from service.commands.up import new_console, run_up

    run_up(_settings(port=port, host=host, state=state), new_console(), tied=tied)


@app.command()
def serve(port: Port = None, host: Host = None, state: StateFolder = None) -> None:
    """Serve the API; DATABASE_URL and REDIS_URL say where the stores are."""
    from service.main import serve

    serve(_settings(port=port, host=host, state=state))


@app.command()
def worker(state: StateFolder = None) -> None:
    """Run the worker: it records events and refreshes snapshots."""
    from service.commands.work import run_until_stopped

    run_until_stopped(_settings(state=state))


@app.command()
def migrate(state: StateFolder = None) -> None:
    """Bring the tables of DATABASE_URL (or of the embedded Postgres) up to date."""
    from service.commands.reach import open_stores
    from service.store.migrate import current_revision
    from service.store.migrate import migrate as run

    with open_stores(_settings(state=state)) as urls:
        run(urls.database_url)
        typer.echo(f"tables at revision {current_revision(urls.database_url)}")


def run() -> None:
    """Run the command line; what goes wrong as foreseen is one line, not a traceback."""
    try:
        app()
    except AdServiceError as error:
        typer.secho(f"salient: {error}", err=True, fg=typer.colors.RED)
        raise SystemExit(1) from None


if __name__ == "__main__":
    run()
