"""Reach the stores from a command: those of the settings, or embedded ones."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

from service.store.embedded.stores import EmbeddedStores, StoreUrls
from service.store.migrate import current_revision, migrate, newest_revision

if TYPE_CHECKING:
    from collections.abc import Iterator

    from service.settings import Settings


@contextmanager
def open_stores(settings: Settings) -> Iterator[StoreUrls]:
    """Both addresses, for the time of a `with`; what the settings leave unset is embedded."""
    missing = [settings.database_url is None, settings.redis_url is None]
    if not any(missing):
        yield StoreUrls(settings.database_url or "", settings.redis_url or "")
        return
    only = None if all(missing) else ("postgres" if missing[0] else "valkey")
    with EmbeddedStores(settings.state, only=only) as stores:
        yield StoreUrls(
            settings.database_url or stores.urls.database_url,
            settings.redis_url or stores.urls.redis_url,
        )


@contextmanager
def open_migrated(settings: Settings) -> Iterator[StoreUrls]:
    """As `open_stores`, with the newest tables."""
    with open_stores(settings) as urls:
        if current_revision(urls.database_url) != newest_revision():
            migrate(urls.database_url)
        yield urls


def module_command(*words: str) -> list[str]:
    """The command line that runs `salient words...` by this interpreter."""
    return [sys.executable, "-m", "service", *words]
