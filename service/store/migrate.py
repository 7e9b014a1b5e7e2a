"""Bring a database to the newest schema."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import text

import service
from service.store.postgres import open_sync_engine


def _script_location() -> Path:
    return Path(service.__path__[0]).parent / "migrations"


def migrations_of(url: str) -> Config:
    """Alembic's view of the database at `url`."""
    config = Config()
    config.set_main_option("script_location", str(_script_location()).replace("%", "%%"))
    config.set_main_option("sqlalchemy.url", url.replace("%", "%%"))
    return config


def newest_revision() -> str:
    """The revision that this code expects."""
    return ScriptDirectory.from_config(migrations_of("")).get_current_head() or ""


def current_revision(url: str) -> str | None:
    """The revision that the database is at; None is an empty database."""
    engine = open_sync_engine(url)
    try:
        with engine.connect() as connection:
            found = text("SELECT to_regclass('alembic_version') IS NOT NULL")
            if not connection.execute(found).scalar_one():
                return None
            query = text("SELECT version_num FROM alembic_version")
            return connection.execute(query).scalar_one_or_none()
    finally:
        engine.dispose()


def is_newer(revision: str | None) -> bool:
    """Whether tables at `revision` were made by a later version, which this one can serve."""
    location = ScriptDirectory.from_config(migrations_of(""))
    return revision is not None and revision not in {
        script.revision for script in location.walk_revisions()
    }


_ADD_DAYS = "SELECT add_day_partitions((now() AT TIME ZONE 'UTC')::date - 1, 16)"
_ADD_MONTHS = "SELECT add_partitions(now()::date, 3)"  # tables of before partitions of a day


def migrate(url: str, revision: str = "head") -> None:
    """Upgrade the database at `url`, and make the partitions of the days ahead.

    Several processes may do so at once: one works, the others wait for it. Tables of a later
    version are left as they are, so that one can go back to this one.
    """
    if not is_newer(current_revision(url)):
        command.upgrade(migrations_of(url), revision)
    engine = open_sync_engine(url)
    with engine.begin() as connection:
        by_day = "SELECT to_regprocedure('add_day_partitions(date, integer)') IS NOT NULL"
        add = _ADD_DAYS if connection.execute(text(by_day)).scalar_one() else _ADD_MONTHS
        connection.execute(text(add))
    engine.dispose()
