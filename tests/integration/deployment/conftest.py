from __future__ import annotations

import json
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.integration.deployment.stand_in import StandIn, out_of_reach

if TYPE_CHECKING:
    from collections.abc import Iterator


GOOD_IN_A_ROW = 12  # each on a connection of its own, which either process may take


@pytest.fixture(scope="session")
def house() -> Iterator[StandIn]:
    """All of docker-compose.yml that runs by default."""
    if why := out_of_reach():
        pytest.skip(why)
    with tempfile.TemporaryDirectory(prefix="salient-") as folder:
        made = StandIn(Path(folder), {"SALIENT_LINGER_SECONDS": "1"})
        try:
            for name in ("postgres", "valkey"):
                made.start(name)
            for name in ("postgres", "valkey"):
                made.wait_until_healthy(name)
            done = made.run("migrate")
            assert done.returncode == 0, done.stderr
            for name in ("worker", "api"):
                made.start(name)
            for name in ("worker", "api"):
                made.wait_until_healthy(name)
            yield made
        finally:
            made.stop_all()


@pytest.fixture(scope="session")
def shop(house: StandIn) -> dict[str, Any]:
    """The made-up shop, put in by the command of the file's first lines."""
    done = house.run("api", "demo", "seed")
    assert done.returncode == 0, done.stderr
    told: dict[str, Any] = json.loads((house.volume("state") / "demo.json").read_text())
    return told


def ask(house: StandIn, path: str, body: Any = None, key: str = "") -> Any:
    """The answer of the API, to be closed by the caller."""
    request = urllib.request.Request(
        f"http://127.0.0.1:{house.ports['8000']}{path}",
        None if body is None else json.dumps(body).encode(),
        {"Authorization": f"Bearer {key}", "Content-Type": "application/json"},
    )
    return urllib.request.urlopen(request, timeout=5)  # noqa: S310 - ours


def wait_for_ads(house: StandIn, shop: dict[str, Any]) -> dict[str, Any]:
    """The last of many answers in a row with ads in them, whole: of every serving process."""
    asked = {"query": shop["queries"][0], "placement": shop["placement"], "timeout_ms": 1000}
    asked |= {"user": {"id": "ada", "consent": True}}
    deadline, good = time.monotonic() + 15, 0
    while True:
        try:
            with ask(house, "/v1/ads", asked, shop["publishable_key"]) as answer:
                told: dict[str, Any] = json.load(answer)
            good = good + 1 if told["ads"] and not told["degraded"] else 0
        except urllib.error.HTTPError as error:  # its key is not known before its snapshot
            told, good = json.load(error), 0
        if good == GOOD_IN_A_ROW:
            return told
        assert time.monotonic() < deadline, told
        if not good:
            time.sleep(0.1)
