"""Why this ad, and hide, with everything real behind them: with scripts and without."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, Page

RESULTS = "/?q=hiking+boots"
_PERSON = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/140.0 Safari/537.36"


@pytest.fixture
def page(chromium: Browser, shop_url: str) -> Iterator[Page]:
    """A fresh browser with scripts."""
    context = chromium.new_context(base_url=shop_url, user_agent=_PERSON)
    yield context.new_page()
    context.close()


def products(page: Page) -> list[str]:
    return [str(ad.get_attribute("data-product")) for ad in page.locator(".ad").all()]


def as_mika(page: Page) -> None:
    page.goto("/")
    page.get_by_role("button", name="Mika").click()


def open_with_profile(page: Page) -> None:
    """The results once nothing was done without: a busy machine may miss the profile's 10 ms."""
    for _ in range(10):
        page.goto(RESULTS)
        if page.locator(".panel .notice").count() == 0:
            return
    pytest.fail("always degraded")


def test_why_is_told_without_scripts(shopper: Page) -> None:
    shopper.goto(RESULTS)
    shopper.wait_for_timeout(1_500)  # until the worker has recorded it
    shopper.get_by_role("link", name="Why this ad?").first.click()
    assert shopper.get_by_role("heading", name="Why this ad?").is_visible()
    told = shopper.locator(".told").inner_text()
    assert re.search(r"\S+ pays for it", told)
    assert "you searched for “hiking boots”" in told
    assert "Nothing that you did before was looked at." in told


def test_why_opens_in_place_with_scripts(page: Page) -> None:
    as_mika(page)
    open_with_profile(page)
    page.wait_for_timeout(1_500)
    card = page.locator(".ad").first
    card.get_by_role("link", name="Why this ad?").click()
    card.locator(".answer li").first.wait_for()
    assert "What you did before was looked at" in card.locator(".answer").inner_text()
    assert page.url.endswith(RESULTS)


def test_an_ad_hidden_by_a_known_shopper_does_not_come_back(page: Page) -> None:
    as_mika(page)
    open_with_profile(page)
    gone = products(page)[0]
    page.locator(".ad").first.get_by_role("button", name="Hide").click()
    page.get_by_text("Hidden. You will not be shown this ad again.").wait_for()
    for _ in range(10):  # until the worker has learnt
        page.wait_for_timeout(300)
        page.goto(RESULTS)
        if gone not in products(page):
            break
    left = products(page)
    assert gone not in left
    assert len(left) == 4  # another took its place
    assert page.locator(".filters code", has_text="hidden_by_shopper").count() == 1


def test_an_ad_hidden_by_nobody_known_stays_away_without_scripts(shopper: Page) -> None:
    shopper.goto(RESULTS)
    gone = products(shopper)[:2]
    for product in gone:
        shopper.locator(f'.ad[data-product="{product}"]').get_by_role(
            "button", name="Hide"
        ).click()
    assert not set(gone) & set(products(shopper))
    assert shopper.url.endswith("".join(f"&hidden={product}" for product in gone))
