"""A few of the events that were taken, to see when all of them are stored."""

from __future__ import annotations

from typing import TYPE_CHECKING

import psycopg

if TYPE_CHECKING:
    from pathlib import Path


class Samples:
    """A few of the events that were taken, and which of them are not stored yet."""

    def __init__(self, path: Path, database_url: str, store_id: str) -> None:
        self._path, self._read_bytes, self._rest = path, 0, ""
        self._url, self._store = database_url, store_id
        self._open: list[tuple[str, str, float]] = []

    def read(self) -> None:
        """Take in what the producer wrote since."""
        with self._path.open("rb") as file:
            file.seek(self._read_bytes)
            new = file.read()
        self._read_bytes += len(new)
        *lines, self._rest = (self._rest + new.decode()).split("\n")
        for line in lines:
            kind, key, ts = line.split("\t")
            self._open.append((kind, key, float(ts)))

    def all_stored(self) -> bool:
        """Whether all that were read are in the table; False while it cannot be asked."""
        query = (
            "SELECT e.type, e.event_key FROM events e JOIN unnest(%s::text[], %s::text[],"
            " %s::double precision[]) AS s (type, event_key, ts) ON e.store_id = %s"
            " AND e.type = s.type AND e.event_key = s.event_key AND e.ts = to_timestamp(s.ts)"
        )
        columns = [list(column) for column in zip(*self._open, strict=True)] or [[], [], []]
        try:
            with psycopg.connect(self._url, connect_timeout=2) as connection:
                found = set(connection.execute(query, [*columns, self._store]).fetchall())
        except psycopg.OperationalError:
            return False
        self._open = [one for one in self._open if one[:2] not in found]
        return not self._open

    def give_up(self) -> None:
        """Wait no more for those that were read: the accounts will miss them."""
        self._open = []
