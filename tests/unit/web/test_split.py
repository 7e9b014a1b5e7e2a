"""The page that shows how a budget is spread."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson
import pytest

from service.api.schemas.allocations import Allocation
from service.web.split import view_of
from tests.unit.web.fake_service import SECRET, FakeService
from tests.unit.web.test_pages import Elements

if TYPE_CHECKING:
    from pathlib import Path

    import httpx


def line(platform: str, share_ppm: int, **more: Any) -> dict[str, Any]:
    told: dict[str, Any] = {
        "platform": platform,
        "spend_micros": 9 * share_ppm,
        "share_ppm": share_ppm,
        "predicted": 1234.4,
        "predicted_sd": 56.0,
        "reason": "best_return",
        "detail": "one more unit of money brings as much here as elsewhere",
        "spent_micros": 1_500_000,
        "actual": 210,
    }
    return told | more


def plan(*lines: dict[str, Any], **more: Any) -> dict[str, Any]:
    told: dict[str, Any] = {
        "id": "alc_1",
        "campaign_id": "cmp_1",
        "day": "2026-11-23",
        "created_at": "2026-11-23T09:05:07Z",
        "cause": "shock",
        "goal": "clicks",
        "model": "allocator@1:0a1b2c3d",
        "budget_micros": 9_000_000,
        "dual_gap": 0.000_000_2,
        "platforms": list(lines),
    }
    return told | more


NEWEST = plan(line("social", 750_000), line("video", 250_000, actual=None, reason="at_floor"))
BEFORE = plan(line("social", 500_000), line("video", 500_000), cause="periodic")


@pytest.fixture
def spread(demo_file: Path, secret_key: str) -> None:
    told = orjson.loads(demo_file.read_bytes()) | {"spread_campaign": "cmp_1"}
    demo_file.write_bytes(orjson.dumps(told))
    assert secret_key == SECRET


def test_the_plans_of_these_tests_are_as_the_api_tells_them() -> None:
    for one in (NEWEST, BEFORE):
        Allocation.model_validate_json(orjson.dumps(one))


def test_the_numbers_are_those_of_the_newest_plan() -> None:
    view = view_of({"data": [NEWEST, BEFORE], "next": None})
    assert (view.day, view.budget, view.goal) == ("2026-11-23", "€9.00", "clicks")
    assert (view.model, view.gap) == ("allocator@1:0a1b2c3d", "2e-07")
    social, video = view.lines
    assert (social.share, social.spend, social.spent) == (75.0, "€6.75", "€1.50")
    assert (social.predicted, social.actual) == ("1,234 ± 56", "210")
    assert (video.actual, video.reason) == ("", "at floor")
    assert view.plans == (
        ("23 Nov 09:05:07", "a platform changed", "social 75 %, video 25 %"),
        ("23 Nov 09:05:07", "its time had come", "social 50 %, video 50 %"),
    )


@pytest.mark.usefixtures("spread")
async def test_the_page_says_why_each_platform_gets_its_share(
    browser: httpx.AsyncClient, service: FakeService
) -> None:
    service.plans = {"data": [NEWEST], "next": None}
    html = (await browser.get("/split")).text
    elements = Elements(html)
    assert "at floor" in elements.texts["span"]
    assert "one more unit of money brings as much here as elsewhere" in html
    assert "allocator@1:0a1b2c3d" in elements.texts["code"]
    assert service.plans_asked == [("cmp_1", f"Bearer {SECRET}")]


@pytest.mark.usefixtures("spread")
async def test_what_cannot_be_shown_is_said(
    browser: httpx.AsyncClient, service: FakeService
) -> None:
    assert "its day is not planned yet" in (await browser.get("/split")).text
    service.plans, service.plans_status = {"detail": "the database is away"}, 503
    answer = await browser.get("/split")
    assert answer.status_code == 200
    assert "the database is away" in answer.text


async def test_a_demo_of_an_older_version_says_that_it_has_no_such_campaign(
    browser: httpx.AsyncClient, service: FakeService
) -> None:
    assert "demo.json names no campaign" in (await browser.get("/split")).text
    assert service.plans_asked == []


@pytest.mark.usefixtures("no_demo_file")
async def test_without_a_demo_it_says_how_to_get_one(browser: httpx.AsyncClient) -> None:
    assert "salient" in (await browser.get("/split")).text
