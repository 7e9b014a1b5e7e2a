"""The README's commands do what it says, typed as they stand there."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import time
from typing import TYPE_CHECKING, Any

import pytest

from tests.running_shop import CHECKOUT, Shop, free_port

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

BLOCKS = re.findall(r"```sh\n(.*?)```", (CHECKOUT / "README.md").read_text(), re.DOTALL)
SETTINGS = next(block for block in BLOCKS if block.startswith("eval "))
ADS, CLICKS = (block for block in BLOCKS if block.startswith("curl "))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder in which a shop runs."""
    if shutil.which("curl") is None:
        pytest.skip("curl is not installed")
    folder = tmp_path_factory.mktemp("readme")
    shop = Shop(folder / ".salient", free_port())
    shop.start()
    yield folder
    shop.stop()
    shop.output()


def typed(folder: Path, block: str) -> dict[str, Any]:
    done = subprocess.run(  # noqa: S603 - the README's own lines
        ["/bin/sh", "-ec", SETTINGS + block],
        cwd=folder,
        check=True,
        capture_output=True,
        timeout=30,
    )
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def titles(folder: Path, block: str) -> dict[str, str]:
    answer = typed(folder, block)
    assert answer["degraded"] == []
    return {ad["product_id"]: ad["title"]["text"] for ad in answer["ads"]}


def test_two_feature_words_change_the_titles(folder: Path) -> None:
    before = titles(folder, ADS)
    told = typed(folder, CLICKS)
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
    typed(folder, of("bob", "false", CLICKS))
    time.sleep(1)
    assert titles(folder, of("bob", "false", ADS)) == before
    assert titles(folder, of("bob", "true", ADS)) == before  # nothing was kept either
