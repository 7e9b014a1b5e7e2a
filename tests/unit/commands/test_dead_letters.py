"""`salient dead-letters`: what was given up is shown, and tried again when it is asked for."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import psycopg
import pytest
import redis
from typer.testing import CliRunner, Result

from service.__main__ import app
from service.store.stream import STREAM

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

DEAD = (
    "INSERT INTO dead_letters (entry_id, kind, body, error, tries, died_at)"
    " VALUES (%s, 'event', %s, 'BadInputError()', 5, '2026-11-22 10:00+00'::timestamptz"
    " + %s * interval '1 minute')"
)


@pytest.fixture(autouse=True)
def _dead(
    database_url: str, redis_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[None]:
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setenv("REDIS_URL", redis_url)
    monkeypatch.setenv("SALIENT_STATE", str(tmp_path))
    with psycopg.connect(database_url) as connection:
        for number in range(3):
            connection.execute(DEAD, (f"1-{number}", b'{"n": %d}\xff' % number, number))
    yield
    with psycopg.connect(database_url) as connection:
        connection.execute("TRUNCATE dead_letters")
    with redis.Redis.from_url(redis_url) as client:
        client.delete(STREAM)


def salient(*words: str) -> Result:
    return CliRunner().invoke(app, ["dead-letters", *words])


def left(database_url: str) -> list[str]:
    with psycopg.connect(database_url) as connection:
        found = connection.execute("SELECT entry_id FROM dead_letters ORDER BY entry_id")
        return [row[0] for row in found.fetchall()]


def sent(redis_url: str) -> list[bytes]:
    with redis.Redis.from_url(redis_url) as client:
        return [fields[b"b"] for _, fields in client.xrange(STREAM)]


def test_the_newest_are_listed_with_why() -> None:
    lines = salient("list", "--limit", "2").output.splitlines()
    told = [json.loads(line) for line in lines]
    assert [one["id"] for one in told] == ["1-2", "1-1"]
    assert told[0] == {
        "id": "1-2",
        "died_at": "2026-11-22T10:02:00+00:00",
        "kind": "event",
        "tries": 5,
        "error": "BadInputError()",
        "body": '{"n": 2}\\xff',
    }


def test_those_named_are_sent_again(database_url: str, redis_url: str) -> None:
    result = salient("retry", "1-1", "9-9")
    assert (result.exit_code, result.output) == (1, "not there: 9-9\n1 sent again\n")
    assert sent(redis_url) == [b'{"n": 1}\xff']
    assert left(database_url) == ["1-0", "1-2"]


def test_all_are_sent_again(database_url: str, redis_url: str) -> None:
    assert salient("retry", "--all").output == "3 sent again\n"
    assert sorted(sent(redis_url)) == [b'{"n": %d}\xff' % number for number in range(3)]
    assert left(database_url) == []


def test_without_redis_nothing_is_forgotten(
    database_url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("REDIS_URL", f"unix://{tmp_path}/none.sock")
    assert salient("retry", "--all").exit_code == 1
    assert left(database_url) == ["1-0", "1-1", "1-2"]


@pytest.mark.parametrize("words", [(), ("1-1", "--all")])
def test_entries_are_named_or_all_are_asked_for(words: tuple[str, ...], database_url: str) -> None:
    assert salient("retry", *words).exit_code == 2
    assert len(left(database_url)) == 3
