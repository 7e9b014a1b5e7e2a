"""The `salient` command. What a command needs is imported only when it runs."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from service.commands.allocate import allocate
from service.commands.choose import choose, demo_choices, score
from service.commands.dead_letters import add_commands as add_dead_letter_commands
from service.commands.foreseen import foreseen
from service.commands.money import add_commands as add_money_commands
from service.commands.platforms import demo_platforms

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from service.settings import Settings
    from service.store.embedded.stores import StoreUrls
    from service.store.feeds.report import Report

Port = Annotated[int | None, typer.Option(help="Port to listen on; PORT in the environment.")]
Host = Annotated[str | None, typer.Option(help="Address to listen on; HOST in the environment.")]
StateFolder = Annotated[
    Path | None, typer.Option("--state", help="State folder; SALIENT_STATE in the environment.")
]
StoreId = Annotated[
    str | None, typer.Option("--store", help="Store id; not needed where there is only one store.")
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Check every line, change nothing.")]
InputFile = Annotated[Path, typer.Argument(help="File to read.")]
OutputFile = Annotated[Path, typer.Option("--out", help="File to write.")]
Seed = Annotated[int, typer.Option(help="The same seed makes the same.")]


def _group(about: str) -> typer.Typer:
    return typer.Typer(
        help=about, no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False
    )


app = _group("An ad server for online shops: ranks, auctions, personalises titles, and learns.")
imports = _group("Take products, campaigns or past events from a file.")
demo = _group("The made-up shop: put it in, send shoppers to it, write its feed and logs.")
stores = _group("Shops.")
keys = _group("API keys of a store.")
models = _group("Model bundles.")
for _name, _commands in (
    ("import", imports),
    ("demo", demo),
    ("stores", stores),
    ("keys", keys),
    ("models", models),
):
    app.add_typer(_commands, name=_name)


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
    from service.commands.huge_pages import with_huge_pages

    with_huge_pages()
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
    from service.store.migrate import current_revision, is_newer
    from service.store.migrate import migrate as run

    with open_stores(_settings(state=state)) as urls:
        run(urls.database_url)
        revision = current_revision(urls.database_url)
        later = ", of a later version: left as they are" if is_newer(revision) else ""
        typer.echo(f"tables at revision {revision}{later}")


@imports.command("products")
def import_products(  # noqa: PLR0913, PLR0917 - one argument an option of the command
    file: InputFile,
    store: StoreId = None,
    new_store: Annotated[str | None, typer.Option(help="Make a store of this name.")] = None,
    currency: Annotated[str, typer.Option(help="Of the new store, ISO 4217.")] = "EUR",
    locale: Annotated[str, typer.Option(help="Of the new store, BCP 47.")] = "en",
    site_url: Annotated[
        str, typer.Option(help="Of the new store; product paths stand on it.")
    ] = "http://127.0.0.1:8000",
    dry_run: DryRun = False,
    state: StateFolder = None,
) -> None:
    """Take a catalogue: Google Merchant feed (CSV, TSV), NDJSON, or parquet of the log layouts."""
    from service.commands import imports as work

    new = work.NewStore(new_store, currency, locale, site_url) if new_store is not None else None
    _import(
        file,
        state,
        lambda urls, progress: work.import_products(
            urls, file, store, new=new, dry_run=dry_run, progress=progress
        ),
    )


@imports.command("campaigns")
def import_campaigns(
    file: InputFile, store: StoreId = None, dry_run: DryRun = False, state: StateFolder = None
) -> None:
    """Take campaigns with keywords and ads: NDJSON, one campaign a line."""
    from service.commands import imports as work

    _import(
        file,
        state,
        lambda urls, progress: work.import_campaigns(
            urls, file, store, dry_run=dry_run, progress=progress
        ),
    )


@imports.command("events")
def import_events(
    file: InputFile, store: StoreId = None, dry_run: DryRun = False, state: StateFolder = None
) -> None:
    """Take past events in one of the log layouts: parquet, CSV or NDJSON."""
    from service.commands import imports as work

    _import(
        file,
        state,
        lambda urls, progress: work.import_events(
            urls, file, store, dry_run=dry_run, progress=progress
        ),
    )


def _import(
    file: Path,
    state: Path | None,
    work: Callable[[StoreUrls, Callable[[int], None]], Coroutine[Any, Any, Report]],
) -> None:
    from service.commands.imports import require_file
    from service.commands.reach import open_migrated
    from service.commands.show import progress_bar, show_report

    require_file(file)
    with open_migrated(_settings(state=state)) as urls, progress_bar(file) as progress:
        report = asyncio.run(work(urls, progress))
    show_report(report)
    if report.errors:
        raise typer.Exit(1)


@demo.command("seed")
def demo_seed(seed: Seed = 1, port: Port = None, state: StateFolder = None) -> None:
    """Put the demo shop into the database, also beside other stores, and mint its keys."""
    from service.commands.reach import open_migrated
    from service.commands.seed import seed_demo

    settings = _settings(port=port, state=state)
    url = f"http://127.0.0.1:{settings.port}"
    with open_migrated(settings) as urls:
        work = seed_demo(
            urls.database_url, settings.state, url, seed=seed, force=True, say=typer.echo
        )
        asyncio.run(work)


@demo.command("feed")
def demo_feed(
    file: Annotated[Path, typer.Argument(help="A .tsv or .ndjson file to write.")], seed: Seed = 1
) -> None:
    """Write the demo catalogue as a Google Merchant feed."""
    from service.demo.feed import write_feed
    from service.demo.merchants import make_shop

    shop = make_shop(seed)
    typer.echo(f"{write_feed(shop.products, shop.store, file):,} products in {file}")


@demo.command("log")
def demo_log(
    out: Annotated[Path, typer.Argument(help="Folder to write.")],
    world: Annotated[str, typer.Option(help="base, shift or null.")] = "base",
    sessions: Annotated[int, typer.Option(help="Page views with feature words.", min=1)] = 40_000,
    seed: Seed = 1,
) -> None:
    """Write what the made-up shoppers saw and clicked, in the log layouts, the truth apart."""
    from service.demo.log import write_log

    rows = write_log(world, seed, out, sessions, typer.echo)
    typer.echo(", ".join(f"{name}: {count:,} rows" for name, count in rows.items()))


@demo.command("traffic")
def demo_traffic(
    rate: Annotated[
        float, typer.Option(help="Visits a second, on average.", min=0.01, max=2000)
    ] = 5.0,
    seconds: Annotated[float, typer.Option(help="How long.", min=0.1, max=86_400)] = 60.0,
    shoppers: Annotated[int, typer.Option(help="How many different ones.", min=1, max=500)] = 200,
    seed: Seed = 1,
    state: StateFolder = None,
) -> None:
    """Send made-up shoppers to the running demo shop, over REST; Ctrl-C ends it."""
    from service.commands.traffic import Run, run_traffic

    run = Run(rate, seconds, shoppers, seed)
    typer.echo(asyncio.run(run_traffic(_settings(state=state).state / "demo.json", run)))


@demo.command("ab")
def demo_ab(
    out: Annotated[Path, typer.Argument(help="A JSON file to write.")],
    visits: Annotated[int, typer.Option(help="Page views in each design.", min=10)] = 2_000,
    past: Annotated[int, typer.Option(help="Page views before them.", min=0)] = 10_000,
    seed: Seed = 1,
    state: StateFolder = None,
) -> None:
    """Run the five A/B designs with made-up shoppers against the running demo shop, over REST."""
    from service.commands.ab import Trials, run_ab

    trials = Trials(past_visits=past, visits=visits, seed=seed)
    typer.echo(run_ab(_settings(state=state).state / "demo.json", trials, out))


@app.command()
def export(
    out: Annotated[Path, typer.Argument(help="Folder for facets, clicks and items.parquet.")],
    store: StoreId = None,
    until: Annotated[
        str | None, typer.Option(help="As it was known then: RFC 3339 or Unix seconds.")
    ] = None,
    state: StateFolder = None,
) -> None:
    """Write the training set as it was known now: consenting shoppers, valid events."""
    from service.commands.exports import run_export
    from service.commands.reach import open_migrated

    with open_migrated(_settings(state=state)) as urls:
        typer.echo(asyncio.run(run_export(urls.database_url, out, store, until)))


@stores.command("create")
def stores_create(
    name: Annotated[str, typer.Argument(help="What people call it.")],
    currency: Annotated[str, typer.Option(help="ISO 4217.")] = "EUR",
    locale: Annotated[str, typer.Option(help="BCP 47.")] = "en",
    site_url: Annotated[
        str, typer.Option(help="Product paths stand on it.")
    ] = "http://127.0.0.1:8000",
    state: StateFolder = None,
) -> None:
    """Make an empty store; print its id and a secret key that may do everything in it."""
    from service.commands.imports import NewStore
    from service.commands.reach import open_migrated
    from service.commands.stores import make_store

    new = NewStore(name, currency, locale, site_url)
    with open_migrated(_settings(state=state)) as urls:
        typer.echo("\n".join(asyncio.run(make_store(urls.database_url, new))))


@keys.command("create")
def keys_create(
    kind: Annotated[str, typer.Option(help="publishable or secret.")] = "secret",
    scope: Annotated[
        list[str] | None, typer.Option(help="serve, events, manage, report, admin; repeat it.")
    ] = None,
    origin: Annotated[
        list[str] | None, typer.Option(help="Page origins of a publishable key; repeat it.")
    ] = None,
    advertiser: Annotated[str | None, typer.Option(help="Bind it to one advertiser.")] = None,
    store: StoreId = None,
    state: StateFolder = None,
) -> None:
    """Make a key. It is shown this once."""
    from service.commands.keys import make_key
    from service.commands.reach import open_migrated

    with open_migrated(_settings(state=state)) as urls:
        work = make_key(urls.database_url, store, kind, scope or (), origin or (), advertiser)
        key_id, plaintext = asyncio.run(work)
    typer.echo(f"{key_id}\n{plaintext}")


@keys.command("list")
def keys_list(store: StoreId = None, state: StateFolder = None) -> None:
    """List the keys that are in force, without the keys themselves."""
    from service.commands.keys import all_keys
    from service.commands.reach import open_migrated
    from service.commands.show import show_keys

    with open_migrated(_settings(state=state)) as urls:
        show_keys(asyncio.run(all_keys(urls.database_url, store)))


@keys.command("revoke")
def keys_revoke(key_id: str, store: StoreId = None, state: StateFolder = None) -> None:
    """Make a key useless, within a second."""
    from service.commands.keys import end_key
    from service.commands.reach import open_migrated

    with open_migrated(_settings(state=state)) as urls:
        if not asyncio.run(end_key(urls.database_url, store, key_id)):
            typer.secho(f"no key {key_id} is in force", err=True)
            raise typer.Exit(1)
    typer.echo(f"{key_id} is revoked")


@models.command("list")
def models_list() -> None:
    """List the bundles in SALIENT_MODELS, newest first."""
    from service.commands.models import all_versions

    for folder in all_versions(_settings().models):
        typer.echo(str(folder))


@models.command("verify")
def models_verify(
    folders: Annotated[list[Path] | None, typer.Argument(help="Bundles; all if none.")] = None,
) -> None:
    """Put bundles through every gate of serving: hashes, fingerprint, shapes, golden rows."""
    from service.commands.models import all_versions, verify

    verdicts = [verify(folder) for folder in folders or all_versions(_settings().models)]
    for verdict in verdicts:
        typer.echo(f"{verdict.folder}: {verdict.error or 'good'}")
    if any(verdict.error for verdict in verdicts):
        raise typer.Exit(1)


@app.command()
def openapi(file: Annotated[Path, typer.Argument(help="The .json file to write.")]) -> None:
    """Write the API's description, from which clients are made, without a running service."""
    from service.commands.openapi import write_description

    write_description(file)


app.command()(allocate)
app.command()(score)
app.command()(choose)
demo.command("choices")(demo_choices)
demo.command("platforms")(demo_platforms)
add_dead_letter_commands(app)
add_money_commands(app)


def run() -> None:
    """Run the command line; what goes wrong as foreseen is one line, not a traceback."""
    try:
        app()
    except Exception as error:
        said = foreseen(error)
        if said is None:
            raise
        typer.secho(f"salient: {said}", err=True, fg=typer.colors.RED)
        raise SystemExit(1) from None


if __name__ == "__main__":
    run()
