"""What a shopper sees, in Chromium, with everything real behind it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

QUERY = "rain jacket"


def titles(page: Page) -> dict[str, str]:
    """Product id -> the title that its ad shows."""
    ads = page.locator(".ad").all()
    return {str(ad.get_attribute("data-product")): ad.locator("h2").inner_text() for ad in ads}


def changed(before: dict[str, str], after: dict[str, str]) -> set[str]:
    """Products advertised both times, under another title; ads of like worth may take turns."""
    return {
        product for product in before.keys() & after.keys() if before[product] != after[product]
    }


def search(page: Page, query: str = QUERY) -> dict[str, str]:
    page.goto("/")
    page.get_by_role("searchbox").fill(query)
    page.get_by_role("button", name="Search").click()
    return titles(page)


def click_two_words(page: Page) -> None:
    for _ in range(2):
        page.locator("button.chip").first.click()


def test_a_search_shows_labelled_ads_over_organic_results(shopper: Page) -> None:
    assert len(search(shopper)) == 4
    assert shopper.locator(".ad .label").all_inner_texts() == ["Sponsored"] * 4
    assert shopper.locator(".organic .card").count() == 12
    assert all(text.startswith("€") for text in shopper.locator(".card .price").all_inner_texts())


def test_impressions_are_sent_by_the_page(shopper: Page) -> None:
    seen: list[int] = []
    shopper.on("response", lambda r: seen.append(r.status) if "/i/" in r.url else None)
    search(shopper)
    shopper.wait_for_load_state("networkidle")
    assert seen == [200] * 4


def test_two_feature_words_change_a_title_for_a_consenting_shopper(shopper: Page) -> None:
    shopper.goto("/")
    shopper.get_by_role("switch").click()
    before = search(shopper)
    click_two_words(shopper)
    assert shopper.locator(".chip.on").count() == 2
    for _ in range(10):  # a second, at most, until the worker has learnt
        shopper.wait_for_timeout(200)
        found = changed(before, search(shopper))
        if found:
            break
    assert found


def test_without_consent_nothing_changes(shopper: Page) -> None:
    before = search(shopper)
    click_two_words(shopper)
    shopper.wait_for_timeout(1_500)
    assert not changed(before, search(shopper))


def test_personas_see_other_titles(shopper: Page) -> None:
    seen: dict[str, set[str]] = {}
    for name in ("Hanna", "Paul", "Mika"):
        shopper.goto("/")
        shopper.get_by_role("button", name=name).click()
        for query in ("rain jacket", "hiking backpack", "kids rain jacket"):
            for product, title in search(shopper, query).items():
                seen.setdefault(product, set()).add(title)
    assert any(len(said) > 1 for said in seen.values())


def test_an_ad_leads_to_its_product(shopper: Page) -> None:
    search(shopper)
    product = shopper.locator(".ad").first.get_attribute("data-product")
    shopper.locator(".ad h2 a").first.click()
    assert shopper.url.endswith(f"/p/{product}")
    shopper.get_by_role("button", name="Add to cart").click()
    assert shopper.get_by_role("status").inner_text() == "It is in your cart."


@pytest.mark.parametrize("width", [390, 768, 1280])
@pytest.mark.parametrize("path", ["/", "/?q=rain+jacket", "/p/100756", "/?category=Bags", "/live"])
def test_no_page_is_wider_than_the_screen(
    chromium: Browser, shop_url: str, path: str, width: int
) -> None:
    context = chromium.new_context(viewport={"width": width, "height": 800})
    complaints: list[str] = []
    page = context.new_page()
    page.on("console", lambda message: complaints.append(message.text))
    page.goto(shop_url + path)
    page.wait_for_load_state("networkidle")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert complaints == []
    context.close()
