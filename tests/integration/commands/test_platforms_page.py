"""The commands of the page on platforms, typed as they stand beside the demo."""

from __future__ import annotations

import json
import re
import subprocess
from typing import TYPE_CHECKING, Any

import pytest

from tests.running_shop import CHECKOUT

if TYPE_CHECKING:
    from tests.running_shop import Shop

PAGE = (CHECKOUT / "docs/platforms.md").read_text()
SETTINGS, *BLOCKS = re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL)
TOLD = json.loads(re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)[0])
END = "=== the end of a block\n"


@pytest.fixture(scope="module")
def said(running: Shop) -> list[list[dict[str, Any]]]:
    """What each block printed, as JSON; one shell for all of them."""
    script = SETTINGS + "".join(f"{block}echo '{END}'\n" for block in BLOCKS)
    done = subprocess.run(  # noqa: S603 - the page's own lines
        ["/bin/sh", "-euc", script],
        cwd=running.state.parent,
        check=True,
        capture_output=True,
        text=True,
        timeout=60,
    )
    return [_answers(block) for block in done.stdout.split(END)[:-1]]


def _answers(text: str) -> list[dict[str, Any]]:
    found, decoder = [], json.JSONDecoder()
    while text := text.strip():
        answer, end = decoder.raw_decode(text)
        found.append(answer)
        text = text[end:]
    return found


def spends(plan: dict[str, Any]) -> dict[str, int]:
    return {one["platform"]: one["spend_micros"] for one in plan["platforms"]}


def test_an_hour_is_told(said: list[list[dict[str, Any]]]) -> None:
    assert said[0] == [TOLD]


def test_the_plan_goes_by_what_is_asked_for(said: list[list[dict[str, Any]]]) -> None:
    ((asked,), (preview, held, listed)) = said[1:]
    assert asked["platforms"][0] == {
        "platform": "social", "share_ppm": None, "floor_ppm": 0, "cap_ppm": 400_000,
    }  # fmt: skip
    assert sum(spends(preview).values()) == preview["budget_micros"] == 2_000_000_000
    assert sum(spends(held).values()) == held["budget_micros"] == 900_000_000
    for plan in (preview, held):
        assert spends(plan)["social"] <= 0.4 * plan["budget_micros"]
        assert spends(plan)["video"] >= 0.05 * plan["budget_micros"]
    assert preview["id"] is None
    # the worker may have planned since
    assert listed["data"][0]["id"].startswith("alc_")
    video = next(one for one in held["platforms"] if one["platform"] == "video")
    assert video["spent_micros"] >= 4_200_000
