"""Why this ad, and hide: as the shopper sees them, and as the service is asked."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest

from tests.unit.web.fake_service import KEY, FakeService, sponsored
from tests.unit.web.test_pages import Elements

if TYPE_CHECKING:
    import httpx

WHY = {
    "impression_id": "imp_100300",
    "sponsored": True,
    "label": "Sponsored",
    "advertiser": "Regen & Wind",
    "product": "Rain Jacket Fjell",
    "shown_at": "2026-11-22T09:00:00Z",
    "personal": True,
    "reasons": [
        {"kind": "search", "text": "rain jacket", "selling_point": None},
        {"kind": "feature_word", "text": "wet <rock>", "selling_point": "windproof"},
        {"kind": "recent_actions", "text": None, "selling_point": None},
    ],
}
FORM = {"q": "rain jacket", "impression_id": "imp_100300", "token": "tok", "product_id": "100300"}


async def test_an_ad_links_to_both(browser: httpx.AsyncClient, service: FakeService) -> None:
    service.ads = [sponsored("100300", [("Jacket", False)])]
    elements = Elements((await browser.get("/?q=rain+jacket&word=windproof")).text)
    assert elements.of("a", href="/why/imp_100300?token=tok")
    (form,) = elements.of("form", action="/hide")
    assert form["method"] == "post"
    assert elements.of("input", name="token", value="tok")
    assert elements.of("input", name="product_id", value="100300")


async def test_why_says_who_pays_and_what_made_it(
    browser: httpx.AsyncClient, service: FakeService
) -> None:
    service.why, service.choice_status = WHY, 200
    whole = await browser.get("/why/imp_100300?token=tok")
    elements = Elements(whole.text)
    assert "Regen & Wind" in elements.texts["b"]
    assert [text.strip() for text in elements.texts["li"]] == [
        "you searched for “rain jacket”",
        "you clicked “wet <rock>”; so the title says “windproof”",
        "of what you did lately, taken together",
    ]
    assert "What you did before was looked at" in whole.text
    part = await browser.get("/why/imp_100300?token=tok", headers={"HX-Request": "true"})
    assert part.text.startswith("<p><b>Regen &amp; Wind</b>")
    assert service.choices == [("GET", "imp_100300", "tok", f"Bearer {KEY}")] * 2


async def test_why_that_is_not_known_says_so(
    browser: httpx.AsyncClient, service: FakeService
) -> None:
    answer = await browser.get("/why/imp_100300?token=tok")
    assert answer.status_code == 200
    assert "no such recorded impression" in answer.text
    assert service.choices


@pytest.mark.parametrize("forged", ["", "a b", "../../v1/keys", "<script>", "x" * 3000])
async def test_what_can_be_no_token_goes_no_further(
    browser: httpx.AsyncClient, service: FakeService, forged: str
) -> None:
    answer = await browser.get("/why/imp_1", params={"token": forged})
    assert "<script>" not in answer.text
    await browser.post("/hide", data={**FORM, "token": forged})
    assert [token for _, _, token, _ in service.choices] == ["", ""]


@pytest.mark.parametrize("forged", ["..", "imp_1?x=y", "%2e%2e%2fkeys", "<script>"])
async def test_what_can_be_no_impression_goes_no_further(
    browser: httpx.AsyncClient, service: FakeService, forged: str
) -> None:
    await browser.get(f"/why/{quote(forged, safe='')}", params={"token": "tok"})
    await browser.post("/hide", data={**FORM, "impression_id": forged})
    assert service.choices == []


async def test_an_ad_hidden_by_a_known_shopper_is_told_and_not_kept_here(
    browser: httpx.AsyncClient, service: FakeService
) -> None:
    service.choice_status = 204
    await browser.post("/consent", data={"consent": "yes"})
    answer = await browser.post("/hide", data={**FORM, "word": "windproof"})
    assert (answer.status_code, answer.headers["location"]) == (
        303, "/?q=rain+jacket&word=windproof",
    )  # fmt: skip
    assert service.choices == [("POST", "imp_100300", "tok", f"Bearer {KEY}")]


async def test_an_ad_hidden_by_nobody_known_stays_away_from_the_page(
    browser: httpx.AsyncClient, service: FakeService
) -> None:
    service.choice_status = 204
    back = await browser.post("/hide", data={**FORM, "hidden": "100301"})
    assert back.headers["location"] == "/?q=rain+jacket&hidden=100301&hidden=100300"
    service.ads = [sponsored("100302", [("Jacket", False)])]
    page = Elements((await browser.get(back.headers["location"])).text)
    assert service.asked[-1]["exclude"] == ["100301", "100300"]
    kept = [field["value"] for field in page.of("input", name="hidden")]
    assert kept[:2] == ["100301", "100300"]  # the next form carries them on


async def test_an_address_remembers_the_last_few(
    browser: httpx.AsyncClient, service: FakeService
) -> None:
    service.choice_status = 204
    form = {**FORM, "hidden": [str(number) for number in range(9)]}
    back = await browser.post("/hide", data=form)
    assert back.headers["location"].count("hidden=") == 5
    assert back.headers["location"].endswith("hidden=100300")


@pytest.mark.parametrize(("status", "said"), [(204, "Hidden on this page."), (503, "remembered")])
async def test_with_scripts_the_card_is_replaced(
    browser: httpx.AsyncClient, service: FakeService, status: int, said: str
) -> None:
    service.choice_status = status
    part = await browser.post("/hide", data=FORM, headers={"HX-Request": "true"})
    assert part.status_code == 200
    assert part.text.startswith("<article")
    assert said in part.text


async def test_another_site_hides_nothing(
    browser: httpx.AsyncClient, service: FakeService
) -> None:
    answer = await browser.post("/hide", data=FORM, headers={"Sec-Fetch-Site": "cross-site"})
    assert answer.status_code == 403
    assert service.choices == []
