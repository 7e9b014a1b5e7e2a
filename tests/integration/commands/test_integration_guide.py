"""The guide's commands and the first ad's program, typed as they stand, on a running service."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from tests.running_shop import CHECKOUT

if TYPE_CHECKING:
    from tests.running_shop import Shop

GUIDE = (CHECKOUT / "docs/integration.md").read_text()
SHELL = re.findall(r"```sh\n(.*?)```", GUIDE, re.DOTALL)
PYTHON = re.findall(r"```python\n(.*?)```", GUIDE, re.DOTALL)
SALIENT = f"{sys.executable} -m service"
PATIENCE_SECONDS = 3  # in place of the guide's two: the machine may run other tests, too
END = "=== the end of block {}"


@pytest.fixture(scope="module")
def said(running: Shop) -> list[str]:
    """What each block of the guide's shell printed, one shell for all of them."""
    script = "".join(f"{block}\necho\necho '{END.format(n)}'\n" for n, block in enumerate(SHELL))
    script = script.replace("http://127.0.0.1:8000", running.url)
    script = script.replace(".venv/bin/salient", SALIENT)
    script = script.replace("sleep 2", f"sleep {PATIENCE_SECONDS}")
    done = typed(running, ["/bin/bash", "-euo", "pipefail", "-c", script])
    return re.split(END.format(r"\d+"), done)


def typed(running: Shop, command: list[str], **environment: str) -> str:
    done = subprocess.run(  # noqa: S603 - the guide's own lines
        command,
        cwd=running.state.parent,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        timeout=150,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def answers(text: str) -> list[dict[str, Any]]:
    """The JSON objects in `text`, one after the other."""
    found, decoder = [], json.JSONDecoder()
    while "{" in text:
        text = text[text.index("{") :]
        answer, end = decoder.raw_decode(text)
        found.append(answer)
        text = text[end:]
    return found


def test_the_feed_is_taken_and_its_bad_line_named(said: list[str]) -> None:
    job, report = answers(said[1])
    assert (job["status"], job["good"], job["bad"]) == ("done", 2, 1)
    (finding,) = (one for one in report["data"] if one["severity"] == "error")
    assert (finding["line"], finding["field"]) == (4, "price")


def test_a_selling_point_is_banned(said: list[str]) -> None:
    (points,) = answers(said[2])
    assert [(one["text"], one["state"]) for one in points["selling_points"]] == [
        ("foldable", "banned")
    ]


def test_the_campaign_is_active_with_its_ads_and_keywords(said: list[str]) -> None:
    ads, keywords, campaign = answers(said[3])
    assert (ads["made"], keywords["made"]) == (2, 3)
    assert campaign["status"] == "active"


def test_the_page_shows_both_ads(said: list[str]) -> None:
    (answer,) = answers(said[5])
    assert {ad["product_id"] for ad in answer["ads"]} == {"lamp-1", "lamp-2"}


def test_a_click_leads_to_the_product_and_is_paid(said: list[str]) -> None:
    (shown,) = answers(said[5])
    product = shown["ads"][0]["product_id"]
    assert f"302 https://shop.example/p/{product}" in said[6]
    (report,) = answers(said[6])
    (row,) = report["data"]
    assert (row["campaign_name"], row["clicks"]) == ("Autumn", 1)
    assert 0 < row["spend_micros"] <= 350_000


def test_events_are_accepted(said: list[str]) -> None:
    (receipt,) = answers(said[7])
    assert [one["status"] for one in receipt["results"]] == ["accepted"] * 3


def test_the_shopper_is_told_why_and_forgotten(said: list[str]) -> None:
    (why,) = answers(said[8])
    assert (why["sponsored"], why["advertiser"]) == (True, "Lumo")
    held, job = answers(said[9])
    assert "ada" in json.dumps(held)
    assert job["id"].startswith("job_")


def test_the_guide_in_python(
    running: Shop,
    said: list[str],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(running.state.parent)
    names: dict[str, Any] = {"URL": running.url, "KEY": said[0].split()[-1]}
    for block in PYTHON:
        if "post_ads" in block:  # the campaign of the block before must be in force
            time.sleep(PATIENCE_SECONDS)
        exec(block, names)  # noqa: S102 - the guide's own lines
    shown, report = capsys.readouterr().out.splitlines()
    assert "Oak Desk Lamp" in shown
    assert " Autumn 1 " in report
    names["salient"].close()


def test_from_an_empty_store_to_a_paid_click(running: Shop) -> None:
    made = typed(
        running,
        [*SALIENT.split(), "stores", "create", "Lamps", "--site-url", "https://shop.example"],
    )
    key = made.split()[-1]
    program = [sys.executable, str(CHECKOUT / "docs/first_ad.py"), running.url, key]
    said = typed(running, program, PYTHONPATH=str(CHECKOUT / "client"))
    assert "job done: 1,000 products taken, 0 bad lines" in said
    assert "1,000 ads, 0 refused" in said
    assert "clicked, and led to https://shop.example/p/lamp-" in said
    spent = re.search(r"1 impression, 1 view, 1 click, (\d\.\d\d) spent", said)
    assert spent, said
    headers = {"Authorization": f"Bearer {key}"}
    (campaign,) = httpx.get(f"{running.url}/v1/campaigns", headers=headers).json()["data"]
    assert f"{campaign['spent_micros'] / 1e6:.2f}" == spent[1]
    assert campaign["spent_micros"] > 0
