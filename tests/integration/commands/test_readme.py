"""The README's commands do what it says, typed as they stand there."""

from __future__ import annotations

import json
import re
import subprocess
import time
from typing import TYPE_CHECKING, Any

import pytest

from tests.running_shop import CHECKOUT

if TYPE_CHECKING:
    from pathlib import Path

    from tests.running_shop import Shop

BLOCKS = re.findall(r"```sh\n(.*?)```", (CHECKOUT / "README.md").read_text(), re.DOTALL)
SETTINGS = next(block for block in BLOCKS if block.startswith("eval "))
ADS, WORDS, CLICK, REPORT, EXPLAIN = (block for block in BLOCKS if block.startswith("curl "))


@pytest.fixture
def folder(running: Shop) -> Path:
    """The folder in which the commands are typed."""
    return running.state.parent


def said(folder: Path, block: str) -> str:
    done = subprocess.run(  # noqa: S603 - the README's own lines
        ["/bin/sh", "-ec", SETTINGS + block],
        cwd=folder,
        check=True,
        capture_output=True,
        text=True,
        timeout=30,
    )
    return done.stdout


def typed(folder: Path, block: str) -> dict[str, Any]:
    answer: dict[str, Any] = json.loads(said(folder, block))
    return answer


def titles(folder: Path, block: str) -> dict[str, str]:
    answer = typed(folder, block)
    assert answer["degraded"] == []
    return {ad["product_id"]: ad["title"]["text"] for ad in answer["ads"]}


def test_two_feature_words_change_the_titles(folder: Path) -> None:
    before = titles(folder, ADS)
    told = typed(folder, WORDS)
    assert [result["status"] for result in told["results"]] == ["accepted", "accepted"]
    time.sleep(1)  # what the README promises
    after = titles(folder, ADS)
    both = before.keys() & after.keys()
    assert any(before[product] != after[product] for product in both)
    assert any(
        "feather light" in title or "recycled polyester" in title.lower()
        for title in after.values()
    )


def test_without_consent_nothing_changes(folder: Path) -> None:
    def of(user: str, consent: str, block: str) -> str:
        block = block.replace("ada", user)
        return block.replace('"consent": true', f'"consent": {consent}')

    before = titles(folder, of("bob", "false", ADS))
    typed(folder, of("bob", "false", WORDS))
    time.sleep(1)
    assert titles(folder, of("bob", "false", ADS)) == before
    assert titles(folder, of("bob", "true", ADS)) == before  # nothing was kept either


def test_a_click_is_reported_with_its_spend(running: Shop, folder: Path) -> None:
    shown = typed(folder, ADS)["ads"][0]
    assert said(folder, CLICK).startswith(f"302 {running.url}/")
    deadline = time.monotonic() + 10
    while not (rows := typed(folder, REPORT)["data"]):
        assert time.monotonic() < deadline
        time.sleep(0.1)
    (row,) = rows
    assert (row["campaign_id"], row["clicks"]) == (shown["campaign_id"], 1)
    assert row["spend_micros"] > 0


def test_a_secret_key_is_told_why(folder: Path) -> None:
    answer = typed(folder, EXPLAIN)
    assert answer["ads"][0]["explain"]["price_micros"] > 0
    why = answer["explain"]
    assert len(why["auction"]) >= len(answer["ads"])
    assert "filtered" in why
    assert why["stages_us"]
