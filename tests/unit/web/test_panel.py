"""What the panel beside the shop says of an answer, and the list of what happens."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from service.web.insight import FILTERS, LINES, insight_of
from service.web.live import ROWS, LiveFeed, view_of
from service.web.rest_client import AdAnswer
from tests.unit.web.fake_service import KEY, SECRET, FakeService, sponsored
from tests.unit.web.test_pages import Elements

if TYPE_CHECKING:
    import httpx

    from service.decision.terms import Product

PRODUCTS: dict[str, Product] = {}
WON = sponsored("100300", [("Windproof", True), (" – Rain Jacket", False)]) | {
    "explain": {
        "price_micros": 240_000,
        "bid_micros": 400_000,
        "quality_ppm": 41_200,
        "reason": "personal",
        "selling_points": [
            {"id": "sp_1", "text": "windproof", "score": 0.3125, "propensity": 1.0}
        ],
    }
}


def candidate(product_id: str, bid: int, quality: int) -> dict[str, Any]:
    return {
        "ad_id": f"ad_{product_id}",
        "product_id": product_id,
        "lexical": 1.0,
        "quality_ppm": quality,
        "bid_micros": bid,
        "value": bid * quality,
    }


EXPLAIN = {
    "snapshot": "0042",
    "models": ["ranker@1:0f3a91bc"],
    "seed": 7,
    "candidates": 2,
    "filtered": {"out_of_stock": 3, "off_topic": 12},
    "auction": [candidate("100301", 500_000, 40_000), candidate("100300", 400_000, 41_200)],
    "stages_us": {"gather": 100, "selling_points": 300},
}


def answer(**more: Any) -> AdAnswer:
    given: dict[str, Any] = {"ads": (WON,), "took_ms": 0.5, "explain": EXPLAIN}
    return AdAnswer(**given | more)


def test_the_numbers_are_those_of_the_answer() -> None:
    insight = insight_of(answer(), PRODUCTS)
    assert insight is not None
    assert (insight.candidates, insight.found) == (2, 2 + 3 + 12)
    assert [(code, count) for code, _, count in insight.filters] == [
        ("off_topic", 12), ("out_of_stock", 3),
    ]  # fmt: skip
    won, lost = insight.lines  # a winner stands above a better value that lost
    assert (won.slot, won.name, won.pctr) == (1, "100300", "4.12 %")
    # 0.40 x 0.0412 = 0.01648 a time, 16.48 for a thousand
    assert (won.bid, won.value, won.price) == ("€0.40", "€16.48", "€0.24")
    assert won.points == (("windproof", "0.312"),)
    assert (lost.slot, lost.value, lost.price) == (None, "€20.00", "")
    assert [(stage.name, stage.microseconds, stage.share) for stage in insight.stages] == [
        ("gather", 100, 20), ("selling points", 300, 60), ("the rest", 100, 20),
    ]  # fmt: skip
    assert [code for code, _ in insight.grounds] == ["personal"]


def test_a_line_that_goes_on_is_cut_and_counted() -> None:
    auction = [candidate(str(number), 1_000, 1_000) for number in range(40)]
    insight = insight_of(
        answer(ads=(), explain=EXPLAIN | {"auction": auction, "candidates": 40}), PRODUCTS
    )
    assert insight is not None
    assert len(insight.lines) == LINES
    assert insight.candidates == 40


def test_nothing_explained_is_nothing_shown() -> None:
    assert insight_of(answer(explain=None), PRODUCTS) is None


def test_a_code_that_is_new_is_shown_as_it_is() -> None:
    explain = EXPLAIN | {"filtered": {"brand_safety": 1}}
    insight = insight_of(answer(explain=explain, degraded=("no_moon",)), PRODUCTS)
    assert insight is not None
    assert insight.filters == (("brand_safety", "brand safety", 1),)
    assert insight.degraded == (("no_moon", "no moon"),)


async def test_the_panel_stands_beside_the_results(
    browser: httpx.AsyncClient, service: FakeService, secret_key: str
) -> None:
    service.ads, service.explain = [WON], EXPLAIN
    html = (await browser.get("/?q=rain+jacket")).text
    elements = Elements(html)
    assert elements.of("aside", id="happened")
    assert FILTERS["off_topic"] in html
    assert "off_topic" in elements.texts["code"]
    assert [text.strip() for text in elements.texts["td"]][:5] == [
        "1", "4.12 %", "€0.40", "€16.48", "€0.24",
    ]  # fmt: skip
    assert "Degraded (titles): titles." in "".join(elements.texts["p"])
    (asked,) = service.asked
    assert asked["explain"] is True
    assert service.headers[0]["authorization"] == f"Bearer {secret_key}"


async def test_without_a_secret_key_the_shop_goes_on(
    browser: httpx.AsyncClient, service: FakeService
) -> None:
    service.ads = [WON]
    html = (await browser.get("/?q=rain+jacket")).text
    assert "holds no secret key" in html
    assert Elements(html).texts["mark"] == ["Windproof"]
    assert service.asked[0]["explain"] is False
    assert service.headers[0]["authorization"] == f"Bearer {KEY}"
    assert "holds no secret key" in (await browser.get("/live")).text


async def test_events_are_told_with_the_key_of_pages(
    browser: httpx.AsyncClient, service: FakeService, secret_key: str
) -> None:
    await browser.post("/consent", data={"consent": "yes"})
    await browser.get("/?q=tent")
    assert service.told_with == {f"Bearer {KEY}"}
    assert secret_key not in (await browser.get("/?q=tent")).text  # it never reaches a page


DECISION = {
    "request_id": "req_1",
    "at": "2026-11-22T09:30:00.123456Z",
    "query": "rain jacket",
    "category": "",
    "placement": "search_top",
    "personal": True,
    "awards": [
        {
            "slot": 0,
            "impression_id": "imp_1",
            "ad_id": "ad_1",
            "campaign_id": "cmp_1",
            "product_id": "100300",
            "price_micros": 240_000,
            "bid_micros": 400_000,
            "quality_ppm": 41_200,
            "reason": "personal",
            "selling_points": [],
            "events": [
                {"type": "impression", "received_at": "...", "invalid_reason": None},
                {"type": "click", "received_at": "...", "invalid_reason": "bot"},
            ],
        }
    ],
    "no_fill_reason": None,
    "degraded": ["linear_rank"],
    "took_us": 620,
}
CLICK = {
    "type": "click",
    "received_at": "2026-11-22T10:30:01+01:00",
    "query": None,
    "feature_word": None,
    "product_id": "100300",
    "campaign_id": "cmp_1",
    "impression_id": "imp_1",
    "slot": 0,
    "price_micros": 240_000,
    "value_micros": None,
    "invalid_reason": None,
}


def test_a_line_says_what_became_of_each_ad() -> None:
    view = view_of({"decisions": [DECISION], "events": [CLICK]}, PRODUCTS)
    (one,) = view.decisions
    assert (one.at, one.asked, one.took, one.personal) == (
        "09:30:00",
        "rain jacket",
        "0.6 ms",
        True,
    )
    assert one.ads == ((1, "shown", "100300", "€0.24"),)  # a bot's click is no click
    assert one.notes == ("without: linear rank",)
    (event,) = view.events
    assert (event.at, event.said, event.what, event.worth) == (
        "09:30:01", "clicked", "100300", "€0.24",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("more", "what", "worth"),
    [
        ({"invalid_reason": "bot"}, "100300", "not counted: bot"),
        ({"type": "hide"}, "100300", ""),
        ({"type": "conversion", "value_micros": 59_990_000}, "100300", "€59.99"),
        ({"type": "search", "product_id": None, "query": "tent"}, "tent", ""),
        ({"type": "feature_word", "product_id": None, "feature_word": "wool"}, "wool", ""),
    ],
)
def test_events_in_one_line(more: dict[str, Any], what: str, worth: str) -> None:
    bare = CLICK | {"price_micros": None} if "type" in more else CLICK
    (event,) = view_of({"decisions": [], "events": [bare | more]}, PRODUCTS).events
    assert (event.what, event.worth) == (what, worth)


def test_the_list_is_short_and_says_nothing_twice() -> None:
    shown = [CLICK | {"type": kind} for kind in ("impression", "view")] * 10
    told = {"decisions": [DECISION] * 20, "events": [*shown, *[CLICK] * 20]}
    view = view_of(told, PRODUCTS)
    assert (len(view.decisions), len(view.events)) == (ROWS, ROWS)
    assert {event.kind for event in view.events} == {"click"}


async def test_the_service_is_asked_once_a_second_however_many_look() -> None:
    now, asked = 100.0, []

    async def read(limit: int) -> dict[str, Any] | str:
        asked.append(limit)
        return {"decisions": [DECISION], "events": []} if len(asked) == 1 else "it is away"

    feed = LiveFeed(clock=lambda: now)
    first = [await feed.view(read, PRODUCTS) for _ in range(50)]
    assert len(asked) == 1
    assert all(len(view.decisions) == 1 for view in first)
    now = 101.0
    assert (await feed.view(read, PRODUCTS)).problem == "it is away"
    assert (await feed.view(read, PRODUCTS)).problem == "it is away"  # asked for no sooner either
    assert len(asked) == 2


async def test_the_list_is_a_part_for_htmx_and_a_page_for_anyone_else(
    browser: httpx.AsyncClient, service: FakeService, secret_key: str
) -> None:
    service.activity = {"decisions": [DECISION], "events": [CLICK]}
    part = await browser.get("/live", headers={"HX-Request": "true"})
    assert part.text.lstrip().startswith("<h4>")
    assert "rain jacket" in part.text
    whole = await browser.get("/live")
    assert "<!doctype html>" in whole.text
    assert "rain jacket" in whole.text
    assert set(service.activity_keys) == {f"Bearer {secret_key}"}


async def test_a_list_that_cannot_be_had_says_why(
    browser: httpx.AsyncClient, service: FakeService, secret_key: str
) -> None:
    assert secret_key == SECRET
    service.activity_status = 503
    service.activity = {"detail": "Postgres does not answer"}
    part = await browser.get("/live", headers={"HX-Request": "true"})
    assert part.status_code == 200
    assert "Nothing to show: Postgres does not answer" in part.text


@pytest.mark.usefixtures("no_demo_file")
async def test_without_a_shop_there_is_no_list(browser: httpx.AsyncClient) -> None:
    assert "no demo shop here" in (await browser.get("/live")).text
