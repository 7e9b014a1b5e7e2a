"""The page that shows how a budget is spread."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson
import pytest

from service.api.schemas.allocations import Allocation, AllocationPolicy
from service.web.split_view import view_of
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


def policy(*platforms: dict[str, Any], **more: Any) -> dict[str, Any]:
    told: dict[str, Any] = {
        "campaign_id": "cmp_1",
        "mode": "auto",
        "goal": "clicks",
        "platforms": list(platforms),
        "max_change_ppm": None,
        "explore": True,
    }
    return told | more


def part(platform: str, **more: Any) -> dict[str, Any]:
    return {"platform": platform, "share_ppm": None, "floor_ppm": 0, "cap_ppm": 1_000_000} | more


def test_the_plans_of_these_tests_are_as_the_api_tells_them() -> None:
    for one in (NEWEST, BEFORE):
        Allocation.model_validate_json(orjson.dumps(one))
    AllocationPolicy.model_validate_json(orjson.dumps(policy(part("web"))))


def test_the_numbers_are_those_of_the_newest_plan() -> None:
    view = view_of([NEWEST, BEFORE], policy())
    assert (view.campaign, view.day, view.budget, view.goal) == (
        "cmp_1",
        "2026-11-23",
        "€9.00",
        "clicks",
    )
    assert (view.model, view.gap) == ("allocator@1:0a1b2c3d", "2e-07")
    social, video = view.lines
    assert (social.share, social.spend, social.spent) == (75.0, "€6.75", "€1.50")
    assert (social.expected, social.came) == ("1,234 ± 56", "210")
    assert (video.came, video.verdict, video.reason) == ("", "", "at floor")
    newest, before = view.plans
    assert (newest.when, newest.cause) == ("23 Nov 09:05:07", "a platform changed")
    assert newest.shares == "social 75 % (+25), video 25 % (−25)"
    assert (before.cause, before.shares) == ("it was due", "social 50 %, video 50 %")


@pytest.mark.parametrize(
    ("came", "verdict"),
    # a tenth of the money: 40 are due. Of 400 +- 60, 20 are the chance of the count, so the curve
    # is off by sqrt(60^2 - 400) / 400 = .141, and the part by sqrt((40 * .141)^2 + 40) = 8.5
    [(24, "as expected"), (23, "less than expected"), (56, "as expected"),
     (57, "more than expected"), (None, "")],
)  # fmt: skip
def test_what_came_stands_beside_what_its_money_should_bring(
    came: int | None, verdict: str
) -> None:
    told = line("social", 1_000_000, predicted=400.0, predicted_sd=60.0, actual=came)
    (shown,) = view_of([plan(told | {"spent_micros": 900_000})], policy()).lines
    assert (shown.so_far, shown.verdict) == ("40 ± 8", verdict)


def test_nothing_is_due_of_a_platform_that_gets_nothing() -> None:
    told = line("social", 0, predicted=0.0, predicted_sd=0.0, spent_micros=0, actual=3)
    (shown,) = view_of([plan(told)], policy()).lines
    assert (shown.so_far, shown.came, shown.verdict) == ("", "3", "")


def test_of_many_platforms_those_that_moved_most_are_named() -> None:
    many = [line(f"p{n:02}", 31_250) for n in range(32)]
    moved = [line("p00", 0), *many[1:31], line("p31", 62_500)]
    view = view_of([plan(*moved), plan(*many)], policy())
    assert view.plans[0].shares.startswith("p31 6.2 % (+3), p01 3.1 %, ")
    assert view.plans[0].shares.endswith("p00 0 % (−3), and 26 more")
    assert view.lines[0].platform == "p31"


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        (policy(), "Asked for: most clicks; a little is spent on learning"),
        (
            policy(
                part("social", floor_ppm=100_000, cap_ppm=700_000), part("video", cap_ppm=5_000),
                part("web"), goal="conversions", max_change_ppm=155_000, explore=False,
            ),
            "Asked for: most conversions; social at least 10 % and at most 70 %; video at most"
            " 0.5 %; no share moves further than 15.5 points a day; nothing is explored",
        ),
        (
            policy(part("a", share_ppm=333_333), part("b", share_ppm=666_667), mode="fixed"),
            "Fixed shares: a 33.3 %, b 66.7 %",
        ),
        (None, "Nobody asks for it to be spread any more: these are the plans of before"),
    ],
)  # fmt: skip
def test_what_is_asked_for_is_said_in_a_sentence(wanted: dict[str, Any] | None, said: str) -> None:
    assert view_of([NEWEST], wanted).asked == said


@pytest.mark.usefixtures("spread")
async def test_fixed_shares_are_not_called_the_best(
    browser: httpx.AsyncClient, service: FakeService
) -> None:
    service.policy = policy(part("social", share_ppm=1_000_000), mode="fixed")
    service.plans = {"data": [plan(line("social", 1_000_000, reason="fixed"))], "next": None}
    html = (await browser.get("/split")).text
    assert "No other split" not in html
    service.plans = {"data": [NEWEST], "next": None}
    assert "No other split" in (await browser.get("/split")).text


@pytest.mark.usefixtures("spread")
async def test_a_name_of_a_platform_is_no_markup(
    browser: httpx.AsyncClient, service: FakeService
) -> None:
    name = "<img src=x onerror=alert(1)>"
    service.policy = policy(part(name, cap_ppm=1))
    service.plans = {"data": [plan(line(name, 1_000_000, detail=name))], "next": None}
    html = (await browser.get("/split")).text
    assert name in Elements(html).texts["b"]
    assert "<img src=x" not in html


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
    assert "PUT /v1/campaigns/cmp_1/allocation says how" in (await browser.get("/split")).text
    service.policy = policy()
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
