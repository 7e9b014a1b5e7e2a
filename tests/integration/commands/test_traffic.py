"""`salient demo traffic` against a running shop: what it sends arrives; it ends well."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner

from service.__main__ import app
from tests.running_shop import CHECKOUT, Shop, free_port

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module")
def shop() -> Iterator[Shop]:
    with tempfile.TemporaryDirectory(prefix="salient-") as folder:
        running = Shop(Path(folder), free_port())
        running.start()
        yield running
        running.stop()
        running.output()


def start(state: Path, *words: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "service", "demo", "traffic", "--state", str(state), *words]
    return subprocess.Popen(  # noqa: S603 - our own program
        command, cwd=CHECKOUT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def run(state: Path, *words: str) -> tuple[int, str, str]:
    process = start(state, *words)
    said, complained = process.communicate(timeout=60)
    return process.returncode, said, complained


def counted(shop: Shop, name: str) -> float:
    """The sum of a counter of the service."""
    with urllib.request.urlopen(shop.url + "/metrics", timeout=5) as answer:  # noqa: S310 - ours
        text = answer.read().decode()
    return sum(
        float(value) for value in re.findall(rf"^{name}(?:{{.*}})? (\S+)$", text, re.MULTILINE)
    )


def test_what_it_says_it_sent_has_arrived(shop: Shop) -> None:
    asked = counted(shop, "salient_ads_seconds_count")
    words = ["demo", "traffic", "--state", str(shop.state), "--seed", "5"]
    result = CliRunner().invoke(app, [*words, "--rate", "20", "--seconds", "4"])
    said = result.stdout
    assert result.exit_code == 0, result.output
    match = re.search(
        r"^([\d,]+) requests in 4\.\d s: .*fill (\S+)% .* 0 errors$", said, re.MULTILINE
    )
    assert match is not None, said
    requests = int(match[1].replace(",", ""))
    assert requests == pytest.approx(80, abs=40)
    assert counted(shop, "salient_ads_seconds_count") - asked == requests
    assert float(match[2]) > 50
    sums = re.search(r"\n([\d,]+) impressions, (\d+) clicks, (\d+) orders\n", said)
    assert sums is not None, said
    assert int(sums[1].replace(",", "")) > requests
    assert int(sums[2]) > 0
    told = shop.told()
    request = urllib.request.Request(  # noqa: S310 - ours
        shop.url + "/v1/activity?limit=100",
        headers={"Authorization": f"Bearer {told['secret_key']}"},
    )
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        with urllib.request.urlopen(request, timeout=5) as answer:  # noqa: S310 - ours
            activity = json.load(answer)
        if len(activity["decisions"]) >= min(requests, 100):
            break
        time.sleep(0.2)
    assert len(activity["decisions"]) >= min(requests, 100)
    kinds = {event["type"] for event in activity["events"]}
    assert {"impression", "search"} <= kinds
    assert all(event["invalid_reason"] is None for event in activity["events"])


def test_ctrl_c_ends_it_with_what_it_came_to(shop: Shop) -> None:
    process = start(shop.state, "--rate", "10", "--seconds", "600")
    before = counted(shop, "salient_ads_seconds_count")
    deadline = time.monotonic() + 30
    while counted(shop, "salient_ads_seconds_count") < before + 5:
        assert time.monotonic() < deadline
        time.sleep(0.1)
    process.send_signal(signal.SIGINT)
    said, complained = process.communicate(timeout=15)
    assert process.returncode == 0, complained
    assert "Traceback" not in complained
    assert re.search(r"^\d+ requests in \d+\.\d s", said)
    assert "0 errors" in said


def test_no_shop_and_no_service_are_told_apart(tmp_path: Path) -> None:
    code, _, complained = run(tmp_path)
    assert code == 1
    assert "there is no demo shop" in complained
    assert "salient up" in complained
    told = {"publishable_key": "pk_1", "placement": "search_top", "seed": 1}
    (tmp_path / "demo.json").write_text(json.dumps(told))
    code, _, complained = run(tmp_path)
    assert code == 1
    assert "lacks url" in complained
    told["url"] = f"http://127.0.0.1:{free_port()}"
    (tmp_path / "demo.json").write_text(json.dumps(told))
    code, _, complained = run(tmp_path)
    assert code == 1
    assert f"no service answers at {told['url']}" in complained
    assert "Traceback" not in complained


def test_a_key_that_is_refused_ends_it_at_once(shop: Shop, tmp_path: Path) -> None:
    (tmp_path / "demo.json").write_text(json.dumps(shop.told() | {"publishable_key": "pk_no"}))
    code, _, complained = run(tmp_path, "--seconds", "600", "--rate", "20")
    assert code == 1
    assert "the service refuses this traffic" in complained
    assert "the key given is not in use" in complained


@pytest.mark.parametrize(
    "words", [("--rate", "0"), ("--seconds", "0"), ("--shoppers", "501"), ("--rate", "nan")]
)
def test_what_cannot_be_is_refused(tmp_path: Path, words: tuple[str, str]) -> None:
    code, _, complained = run(tmp_path, *words)
    assert code == 2
    assert words[0] in complained
