"""The services of docker-compose.yml, running as an ordinary user."""

from __future__ import annotations

import json
import os
import re
import subprocess
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg

from service.store.embedded.binaries import postgres_home
from tests.integration.deployment.conftest import ask, wait_for_ads
from tests.integration.deployment.stand_in import ROOT

if TYPE_CHECKING:
    from tests.integration.deployment.stand_in import StandIn


def test_nothing_runs_as_root_and_no_image_was_written_to(house: StandIn) -> None:
    for name, process in house.running.items():
        status = Path(f"/proc/{process.pid}/status").read_text()
        found = re.search(r"^Uid:\s+(\d+)", status, re.MULTILINE)
        assert found
        assert int(found[1]) == (65534 if ROOT else os.geteuid()) != 0, name
    images = house.folder / "images"
    assert not [path for path in images.rglob("*") if path.suffix in {".pyc", ".db", ".log"}]


def test_migrating_once_more_changes_nothing(house: StandIn) -> None:
    done = house.run("migrate")
    assert (done.returncode, done.stderr) == (0, "")
    assert re.fullmatch(r"tables at revision \w+\n", done.stdout)


def test_a_page_gets_ads_and_its_click_is_charged(house: StandIn, shop: dict[str, Any]) -> None:
    told = wait_for_ads(house, shop)
    ad = told["ads"][0]
    assert told["degraded"] == []
    assert ad["click_url"].startswith(f"http://127.0.0.1:{house.ports['8000']}/c/")
    opener = urllib.request.build_opener(_Stay)
    opener.addheaders = [("User-Agent", "Mozilla/5.0 (X11; Linux x86_64) Chrome/142.0")]
    assert opener.open(ad["click_url"], timeout=5).status == 302
    address = house.environment(house.services["api"])["DATABASE_URL"]
    deadline = time.monotonic() + 10
    with psycopg.connect(address, autocommit=True) as connection:
        query = "SELECT price_micros FROM charges WHERE impression_id = %s"
        while not (found := connection.execute(query, [ad["impression_id"]]).fetchall()):
            assert time.monotonic() < deadline, "the click is not there"
            time.sleep(0.05)
    assert len(found) == 1


class _Stay(urllib.request.HTTPRedirectHandler):
    """Takes a redirect as the answer that it is."""

    def http_error_302(self, *given: Any) -> Any:
        return given[1]


def test_a_backup_brings_everything_back(house: StandIn, shop: dict[str, Any]) -> None:
    wait_for_ads(house, shop)
    address = house.environment(house.services["api"])["DATABASE_URL"]
    other = address.removesuffix("/salient") + "/restored"
    programs = postgres_home() / "bin"
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute("CREATE DATABASE restored")
    take = [str(programs / "pg_dump"), "-Fc", address]
    dump = subprocess.run(take, capture_output=True, check=True)  # noqa: S603 - ours
    back = [str(programs / "pg_restore"), "--clean", "--if-exists", f"--dbname={other}"]
    subprocess.run(back, input=dump.stdout, capture_output=True, check=True)  # noqa: S603 - ours
    count = (
        "SELECT (SELECT count(*) FROM products), (SELECT count(*) FROM charges),"
        " (SELECT sum(spent_micros) FROM campaigns), (SELECT count(*) FROM api_keys)"
    )
    with psycopg.connect(address) as before, psycopg.connect(other) as after:
        assert (was := before.execute(count).fetchone()) == after.execute(count).fetchone()
    assert was
    assert was[0] == 3000
    assert was[1] >= 1


def test_an_export_lies_where_training_looks_for_it(house: StandIn, shop: dict[str, Any]) -> None:
    assert shop
    done = house.run("api", "export", "/var/lib/salient/log")
    assert done.returncode == 0, done.stderr
    service = house.services["training"]
    named = dict(word.removeprefix("--").split("=") for word in service.command[1:])
    out = named.pop("out")
    assert all(Path(house.here(service, path)).is_file() for path in named.values())
    assert out.startswith("/var/lib/salient/models/ranker/")
    said = house.run("training", service.command[0], "--help")
    assert said.returncode == 0, said.stderr
    assert all(f"--{name}" in said.stdout for name in [*named, "out"])


def test_the_api_is_alive_while_it_drains_and_not_ready(house: StandIn) -> None:
    assert _readiness(house) == "ready"
    house.running["api"].terminate()
    deadline = time.monotonic() + 5
    while (found := _readiness(house)) == "ready":
        assert time.monotonic() < deadline
    assert found == "draining"
    assert house.healthy("api")
    assert house.stop("api") == 0
    assert not house.healthy("api")


def test_a_healthcheck_sees_that_the_worker_is_gone(house: StandIn) -> None:
    assert house.healthy("worker")
    assert house.stop("worker") == 0
    assert not house.healthy("worker")


def _readiness(house: StandIn) -> str:
    try:
        answer = ask(house, "/readyz")
    except urllib.error.HTTPError as error:
        answer = error
    with answer:
        return str(json.load(answer)["status"])
