from __future__ import annotations

import hashlib
import json
import stat
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import orjson
import polars as pl
import psycopg
import pytest
import redis
from typer.testing import CliRunner, Result

from service.__main__ import app, run
from service.store.profiles import decode_profile, profile_key

if TYPE_CHECKING:
    from pathlib import Path

Row = tuple[Any, ...]


pytestmark = pytest.mark.usefixtures("emptied")


@pytest.fixture(autouse=True)
def _surroundings(
    database_url: str, redis_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setenv("REDIS_URL", redis_url)
    monkeypatch.setenv("SALIENT_STATE", str(tmp_path / "state"))
    monkeypatch.setenv("COLUMNS", "300")
    (tmp_path / "state").mkdir(mode=0o700)


def _salient(*words: object, fails: bool = False) -> Result:
    result = CliRunner().invoke(app, [str(word) for word in words], catch_exceptions=True)
    if not fails:
        assert result.exit_code == 0, (result.output, result.exception)
    return result


def _query(url: str, statement: str) -> list[Row]:
    with psycopg.connect(url) as connection:
        return connection.execute(statement.encode()).fetchall()


def _feed(path: Path, *lines: str) -> Path:
    path.write_text("\n".join(("id\ttitle\tlink\tprice\tproduct_highlight", *lines)) + "\n")
    return path


def test_help_is_quick_and_names_every_command() -> None:
    started = time.process_time()
    command = [sys.executable, "-X", "importtime", "-m", "service", "--help"]
    shown = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603 - ours
    names = ("up", "serve", "worker", "migrate", "demo", "import", "export", "keys", "models")
    for name in (*names, "score", "stores", "openapi"):
        assert f" {name} " in shown.stdout
    for heavy in ("numpy", "sqlalchemy", "fastapi", "polars", "onnxruntime"):
        assert f" {heavy}\n" not in shown.stderr
    assert time.process_time() - started < 5


def test_a_store_is_made_empty_with_a_key_for_everything(database_url: str) -> None:
    made = _salient(
        "stores", "create", "Shop", "--currency", "chf", "--site-url", "https://s.example"
    )
    store_id, key = made.output.split()
    assert _query(database_url, "SELECT id, name, currency, locale FROM stores") == [
        (store_id, "Shop", "CHF", "en")
    ]
    assert _query(database_url, "SELECT kind, scopes, sha256 FROM api_keys") == [
        ("secret", ["admin"], hashlib.sha256(key.encode()).digest())
    ]
    again = _salient("stores", "create", "Shop", fails=True)
    assert "there is a store 'Shop' already" in str(again.exception)
    assert len(_query(database_url, "SELECT FROM api_keys")) == 1
    wrong = _salient("stores", "create", "Other", "--currency", "euro", fails=True)
    assert "a currency is three letters" in str(wrong.exception)


def test_the_description_is_written_for_makers_of_clients(tmp_path: Path) -> None:
    _salient("openapi", tmp_path / "api.json")
    document = json.loads((tmp_path / "api.json").read_text())
    assert document["paths"]["/v1/ads"]["post"]["operationId"] == "post_ads"


def test_a_catalogue_is_imported_into_a_new_store(tmp_path: Path, database_url: str) -> None:
    feed = _feed(
        tmp_path / "feed.tsv",
        "1\tLamp &amp; shade\thttps://s.example/1\t10.00 CHF\tbrass,dimmable",
        "2\tRug\thttps://s.example/2\t5\t",
    )
    told = _salient(
        "import", "products", feed, "--new-store", "Shop", "--currency", "chf",
        "--site-url", "https://s.example",
    )  # fmt: skip
    assert "2 good lines, 2 changed rows, 0 bad lines" in told.output
    assert _query(database_url, "SELECT title, price_micros, highlights FROM products") == [
        ("Lamp & shade", 10_000_000, ["brass", "dimmable"]),
        ("Rug", 5_000_000, []),
    ]
    assert _query(database_url, "SELECT currency, name FROM stores") == [("CHF", "Shop")]
    again = _salient("import", "products", feed)  # the only store need not be named
    assert "2 good lines, 0 changed rows" in again.output


def test_bad_lines_are_reported_and_good_ones_kept(tmp_path: Path, database_url: str) -> None:
    feed = _feed(
        tmp_path / "feed.tsv",
        "1\tLamp\thttps://s.example/1\t10\t",
        "2\t\thttps://s.example/2\t5\t",
        "3\tRug\tftp://s.example/2\t5\t",
    )
    told = _salient("import", "products", feed, "--new-store", "Shop", fails=True)
    assert told.exit_code == 1
    assert "line 3, title: got ''; give a value" in told.output
    assert "line 4, link: got 'ftp://s.example/2'; give an https address" in told.output
    assert "1 good lines, 1 changed rows, 2 bad lines" in told.output
    assert _query(database_url, "SELECT product_id FROM products") == [("1",)]


def test_a_dry_run_changes_nothing(tmp_path: Path, database_url: str) -> None:
    feed = _feed(tmp_path / "feed.tsv", "1\tLamp\thttps://s.example/1\t10\t")
    told = _salient("import", "products", feed, "--new-store", "Shop", "--dry-run")
    assert "1 good lines" in told.output
    assert _query(database_url, "SELECT * FROM products") == []
    assert _query(database_url, "SELECT * FROM stores") == []


@pytest.mark.parametrize(
    ("option", "value", "advice"),
    [
        ("--new-store", " ", "give the new store a name"),
        ("--currency", "EURO", "a currency is three letters"),
        ("--locale", "../..", "a locale is like en"),
        ("--site-url", "javascript:alert(1)", "a site's URL is like"),
    ],
)
def test_a_store_that_cannot_be_is_not_made(
    tmp_path: Path, option: str, value: str, advice: str
) -> None:
    feed = _feed(tmp_path / "feed.tsv", "1\tLamp\thttps://s.example/1\t10\t")
    words = ("import", "products", feed, "--new-store", "Shop", option, value)
    assert advice in str(_salient(*words, fails=True).exception)


def test_what_holds_nothing_makes_no_store(tmp_path: Path, database_url: str) -> None:
    (tmp_path / "binary.tsv").write_bytes(b"\xff\xfei\x00d\x00\n")
    (tmp_path / "empty.tsv").touch()
    for name, advice in (
        ("empty.tsv", "holds nothing to import"),
        (_feed(tmp_path / "head.tsv").name, "holds nothing to import"),
        ("binary.tsv", "save the file as UTF-8"),
        ("none.tsv", "there is no file"),
        (".", "is not a file"),
    ):
        told = _salient("import", "products", tmp_path / name, "--new-store", "S", fails=True)
        assert told.exit_code == 1
        assert advice in str(told.exception)
    bad = _feed(tmp_path / "bad.tsv", "\tLamp\thttps://s.example/1\t10\t")
    assert _salient("import", "products", bad, "--new-store", "S", fails=True).exit_code == 1
    assert _query(database_url, "SELECT * FROM stores") == []


def test_an_id_that_stands_twice_is_named(tmp_path: Path, database_url: str) -> None:
    line = "1\t{}\thttps://s.example/1\t10\t"
    feed = _feed(tmp_path / "feed.tsv", line.format("Lamp"), line.format("Rug"))
    told = _salient("import", "products", feed, "--new-store", "Shop", fails=True)
    assert "line 3, id: got '1'; line 2 has it already" in told.output
    assert _query(database_url, "SELECT title FROM products") == [("Lamp",)]


def test_many_errors_are_cut(tmp_path: Path) -> None:
    feed = _feed(tmp_path / "feed.tsv", *["\t\t\t\t"] * 150)
    told = _salient("import", "products", feed, "--new-store", "Shop", fails=True)
    assert "... and 50 more" in told.output


def test_a_store_must_be_clear(tmp_path: Path) -> None:
    feed = _feed(tmp_path / "feed.tsv", "1\tLamp\thttps://s.example/1\t10\t")
    for words in ((), ("--store", "sto_none")):
        told = _salient("import", "products", feed, *words, fails=True)
        assert "name a store by --store" in str(told.exception)


def test_campaigns_are_imported_line_by_line(tmp_path: Path, database_url: str) -> None:
    feed = _feed(tmp_path / "feed.tsv", "1\tLamp\thttps://s.example/1\t10\t")
    _salient("import", "products", feed, "--new-store", "Shop")
    good = {
        "advertiser": {"id": "adv_1", "name": "Lumo"},
        "name": "Lamps",
        "status": "active",
        "bid": 0.5,
        "budget": "10 EUR",
        "keywords": ["lamp"],
        "product_ids": ["1"],
    }
    stranger = good | {"name": "Gone", "product_ids": ["404"]}
    lines = [good, stranger, good | {"name": "No bid", "bid": None}]
    file = tmp_path / "campaigns.ndjson"
    file.write_bytes(b"\n".join(map(orjson.dumps, lines)))
    told = _salient("import", "campaigns", file, fails=True)
    assert told.exit_code == 1
    assert "line 2, product_ids: got '404'; import the product first" in told.output
    assert "line 3, bid" in told.output
    assert "1 good lines, 1 changed rows, 2 bad lines" in told.output
    _salient("import", "products", feed, "--new-store", "Rival")
    stores = {row[0]: row[1] for row in _query(database_url, "SELECT name, id FROM stores")}
    file.write_bytes(b"\n".join(map(orjson.dumps, [good, good | {"advertiser": "Rival Ltd"}])))
    told = _salient("import", "campaigns", file, "--store", stores["Rival"], fails=True)
    assert "line 1, (line): got these advertisers belong to another store" in told.output
    assert "1 good lines" in told.output
    assert _query(database_url, "SELECT count(*) FROM ads") == [(2,)]


def test_past_events_become_profiles_and_a_training_set(
    tmp_path: Path, database_url: str, redis_url: str
) -> None:
    feed = _feed(
        tmp_path / "feed.tsv",
        "100001\tLamp\thttps://s.example/1\t10\tbrass",
        "100002\tRug\thttps://s.example/2\t10\twool",
    )
    _salient("import", "products", feed, "--new-store", "Shop")
    ts = 1_700_000_000
    facets = pl.DataFrame(
        {
            "session_id": [1, 1],
            "ts": [ts, ts],
            "user_id": [7, 7],
            "query": ["lamp", "lamp"],
            "sf_keyword": ["brass", "red"],
            "position": [1, 2],
            "click": [1, 0],
        }
    )
    clicks = pl.DataFrame(
        {
            "request_id": [0, 0],
            "ts": [ts + 60, ts + 60],
            "user_id": [7, 7],
            "query": ["rug", "rug"],
            "product_uid": [100002, 100001],
            "slot": [1, 2],
            "propensity": [0.5, 0.25],
            "sp_arm": ["popular_1", "none"],
            "sp_shown": [["wool"], []],
            "click": [1, 0],
            "conversion": [1, 0],
            "mobile": [1, 1],
        }
    )
    facets.write_parquet(tmp_path / "facets.parquet")
    clicks.write_parquet(tmp_path / "clicks.parquet")
    dry = _salient("import", "events", tmp_path / "facets.parquet", "--dry-run")
    assert "2 good lines, 0 changed rows" in dry.output
    assert "4 changed rows" in _salient("import", "events", tmp_path / "facets.parquet").output
    assert "5 changed rows" in _salient("import", "events", tmp_path / "clicks.parquet").output
    again = _salient("import", "events", tmp_path / "clicks.parquet")
    assert "2 good lines, 0 changed rows" in again.output
    ((store_id,),) = _query(database_url, "SELECT id FROM stores")
    with redis.Redis.from_url(redis_url) as client:
        raw = client.get(profile_key(store_id, "7"))
    assert isinstance(raw, bytes)
    history, _ = decode_profile(raw, now=ts + 100.0)
    assert history.feature_words == (("brass", 100.0),)
    assert history.titles == (("Rug", 40.0),)
    assert history.queries == (("rug", 40.0), ("lamp", 100.0))
    for until, rows in (("2023-11-14T22:13:21Z", (2, 0)), (str(ts + 3_600), (2, 2))):
        told = _salient("export", tmp_path / "out", "--until", until)
        assert f"{rows[0]} facet rows, {rows[1]} ad rows, 2 items" in told.output
    out = pl.read_parquet(tmp_path / "out/clicks.parquet")
    same = ["ts", "user_id", "query", "product_uid", "slot", "propensity", "sp_arm", "sp_shown"]
    assert (
        out.select(*same, "click", "conversion", "mobile").rows()
        == clicks.drop("request_id").rows()
    )
    kept = pl.read_parquet(tmp_path / "out/facets.parquet")
    assert kept.drop("session_id").rows() == facets.drop("session_id").rows()


@pytest.mark.parametrize("until", ["yesterday", "2026-01-01T00:00:00"])
def test_an_export_wants_a_clear_time(tmp_path: Path, until: str) -> None:
    told = _salient("export", tmp_path / "out", "--until", until, fails=True)
    assert "not a time" in str(told.exception)


def test_keys_are_made_listed_and_revoked(tmp_path: Path, database_url: str) -> None:
    feed = _feed(tmp_path / "feed.tsv", "1\tLamp\thttps://s.example/1\t10\t")
    _salient("import", "products", feed, "--new-store", "Shop")
    key_id, plaintext = _salient(
        "keys", "create", "--kind", "publishable", "--origin", "https://s.example"
    ).output.split()
    assert plaintext.startswith("pk_")
    listed = _salient("keys", "list").output
    assert key_id in listed
    assert "serve events" in listed
    assert plaintext not in listed
    assert plaintext not in str(_query(database_url, "SELECT * FROM api_keys"))
    assert "revoked" in _salient("keys", "revoke", key_id).output
    assert _salient("keys", "revoke", key_id, fails=True).exit_code == 1
    assert key_id not in _salient("keys", "list").output


def test_the_demo_is_put_beside_other_stores(tmp_path: Path, database_url: str) -> None:
    feed = _feed(tmp_path / "feed.tsv", "1\tLamp\thttps://s.example/1\t10\t")
    _salient("import", "products", feed, "--new-store", "Shop")
    _salient("demo", "seed", "--port", "9999")
    file = tmp_path / "state/demo.json"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    told = json.loads(file.read_text())
    assert set(told) >= {"url", "publishable_key", "secret_key", "placement", "queries"}
    assert told["url"] == "http://127.0.0.1:9999"
    counts = "SELECT (SELECT count(*) FROM stores), (SELECT count(*) FROM ads) > 1000"
    assert _query(database_url, counts) == [(2, True)]


def test_the_demo_writes_its_feed_and_logs(tmp_path: Path) -> None:
    told = _salient("demo", "feed", tmp_path / "feed.ndjson")
    assert "products in" in told.output
    _salient("demo", "log", tmp_path / "log", "--sessions", 50, "--seed", 3)
    assert pl.read_parquet(tmp_path / "log/facets.parquet").height > 0


def test_tables_are_migrated() -> None:
    assert "revision" in _salient("migrate").output


def test_bundles_are_listed_and_verified(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SALIENT_MODELS", str(tmp_path / "models"))
    assert _salient("models", "list").output == ""
    bad = tmp_path / "models/ranker/1"
    bad.mkdir(parents=True)
    (bad / "manifest.json").write_text("{}")
    assert str(bad) in _salient("models", "list").output
    told = _salient("models", "verify", fails=True)
    assert told.exit_code == 1
    assert str(bad) in told.output


def test_a_foreseen_error_is_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("DATABASE_URL")
    monkeypatch.setattr(sys, "argv", ["salient", "worker"])
    with pytest.raises(SystemExit) as ended:
        run()
    assert ended.value.code == 1
    assert capsys.readouterr().err.startswith("salient: the worker needs DATABASE_URL")
