"""Reach the stores from a command: those of the settings, or embedded ones."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

import service
from service.store.embedded.stores import EmbeddedStores, StoreUrls

if TYPE_CHECKING:
    from collections.abc import Iterator

    from service.settings import Settings

TABLES_FILE: Final = "tables"
"""Names the newest migration that the embedded Postgres has seen."""


def embedded_stores(settings: Settings) -> EmbeddedStores | None:
    """The stores that the settings leave to us; None where both are elsewhere."""
    missing = [settings.database_url is None, settings.redis_url is None]
    if not any(missing):
        return None
    only = None if all(missing) else ("postgres" if missing[0] else "valkey")
    return EmbeddedStores(settings.state, only=only)


def store_urls(settings: Settings, stores: EmbeddedStores | None) -> StoreUrls:
    """Where the stores are, running or not."""
    return StoreUrls(
        settings.database_url or (stores.urls.database_url if stores else ""),
        settings.redis_url or (stores.urls.redis_url if stores else ""),
    )


@contextmanager
def open_stores(settings: Settings) -> Iterator[StoreUrls]:
    """Both addresses; embedded stores run for the time of the `with`."""
    stores = embedded_stores(settings)
    try:
        if stores is not None:
            stores.start()
        yield store_urls(settings, stores)
    finally:
        if stores is not None:
            stores.stop()


@contextmanager
def open_migrated(settings: Settings) -> Iterator[StoreUrls]:
    """As `open_stores`, with the newest tables."""
    with open_stores(settings) as urls:
        bring_up_to_date(settings, urls)
        yield urls


def bring_up_to_date(settings: Settings, urls: StoreUrls) -> None:
    """Migrate, unless the embedded Postgres is known to be up to date."""
    if tables_are_current(settings):
        return
    from service.store.migrate import migrate  # alembic takes a third of a second to import

    migrate(urls.database_url)
    if settings.database_url is None:
        (settings.state / TABLES_FILE).write_text(_newest_migration())


def tables_are_current(settings: Settings) -> bool:
    """Whether our own Postgres is there and has seen the newest migration."""
    if settings.database_url is not None or not (settings.state / "postgres/PG_VERSION").exists():
        return False
    try:
        return (settings.state / TABLES_FILE).read_text() == _newest_migration()
    except FileNotFoundError:
        return False


def _newest_migration() -> str:
    folder = Path(service.__path__[0]).parent / "migrations/versions"
    return max((path.stem for path in folder.glob("*.py")), default="")


def module_command(*words: str) -> list[str]:
    """The command line that runs `salient words...` by this interpreter."""
    return [sys.executable, "-m", "service", *words]
