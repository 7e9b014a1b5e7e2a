"""`salient demo ab` against a running shop: five experiments, over REST alone."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from service.demo.ab import DESIGNS
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


def _run(state: Path, out: Path, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "service", "demo", "ab", str(out), "--state", str(state)]
    return subprocess.run(  # noqa: S603 - our own program
        [*command, *words], cwd=CHECKOUT, capture_output=True, text=True, timeout=180, check=False
    )


@pytest.fixture(scope="module")
def found(shop: Shop) -> dict[str, Any]:
    out = shop.state / "ab.json"
    ended = _run(shop.state, out, "--visits", "60", "--past", "300")
    assert ended.returncode == 0, ended.stderr
    assert "no selling points against personal ones" in ended.stdout
    told: dict[str, Any] = json.loads(out.read_text())
    return told


def test_each_design_is_run_and_judged(found: dict[str, Any]) -> None:
    assert [design["design"] for design in found["designs"]] == [one.key for one in DESIGNS]
    for design in found["designs"]:
        assert design["arms"]["base"]["views"] > 0
        assert design["arms"]["test"]["views"] > 0


def test_arms_show_what_their_policy_says(found: dict[str, Any]) -> None:
    shown = {
        design["design"]: [design["arms"][arm]["points_shown"] for arm in ("base", "test")]
        for design in found["designs"]
    }
    assert shown["none_personal"][0] == 0
    assert shown["none_personal"][1] > 0
    assert shown["two_one"][1] <= 1
    assert shown["two_three"][0] <= 2


def test_the_experiments_are_the_services_own_and_all_stopped(
    shop: Shop, found: dict[str, Any]
) -> None:
    told = json.loads((shop.state / "demo.json").read_text())
    request = urllib.request.Request(  # noqa: S310 - our own address
        f"{shop.url}/v1/experiments", headers={"Authorization": f"Bearer {told['secret_key']}"}
    )
    with urllib.request.urlopen(request, timeout=5) as answer:  # noqa: S310
        kept = json.load(answer)["data"]
    assert len(kept) == len(found["designs"])
    assert {one["status"] for one in kept} == {"stopped"}


def test_without_a_shop_it_says_what_to_do(tmp_path: Path) -> None:
    ended = _run(tmp_path, tmp_path / "ab.json")
    assert ended.returncode == 1
    assert "salient up" in ended.stderr
