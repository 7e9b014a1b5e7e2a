"""What the page does with scripts: the live list, views, and that nothing comes from elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, Page

RESULTS = "/?q=hiking+boots"
_PERSON = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/140.0 Safari/537.36"

# every text with its contrast against the nearest solid background, by WCAG 2's formula
CONTRASTS = """() => {
  const channel = v => (v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
  const parse = c => (c.match(/[\\d.]+/g) || []).map(Number);
  const light = ([r, g, b]) => 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b);
  const ground = e => {
    for (; e; e = e.parentElement) {
      const c = parse(getComputedStyle(e).backgroundColor);
      if (c.length === 3 || c[3] === 1) return c;
    }
    return [255, 255, 255];
  };
  const found = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const e = walker.currentNode.parentElement, text = walker.currentNode.textContent.trim();
    if (!text || !e.checkVisibility() || ["SCRIPT", "NOSCRIPT"].includes(e.tagName)) continue;
    const a = light(parse(getComputedStyle(e).color)), b = light(ground(e));
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < 4.5) found.push([text.slice(0, 40), Math.round(ratio * 100) / 100]);
  }
  return found;
}"""
UNNAMED = """() => [...document.querySelectorAll('input:not([type=hidden]), button, a, progress')]
  .filter(e => e.checkVisibility() && !e.closest('[aria-hidden=true]'))
  .filter(e => !(e.textContent.trim() || e.ariaLabel || e.getAttribute('aria-labelledby')))
  .map(e => e.outerHTML.slice(0, 80))"""


@pytest.fixture
def page(chromium: Browser, shop_url: str) -> Iterator[Page]:
    """A fresh browser with scripts."""
    context = chromium.new_context(
        base_url=shop_url, user_agent=_PERSON, viewport={"width": 1280, "height": 500}
    )
    yield context.new_page()
    context.close()


def viewed(page: Page) -> list[str]:
    """The addresses of view pixels, as they are loaded from now on."""
    seen: list[str] = []
    page.on("request", lambda r: seen.append(r.url) if "/v/" in r.url else None)
    return seen


def test_the_panel_explains_the_answer_without_scripts(shopper: Page) -> None:
    shopper.goto(RESULTS)
    panel = shopper.get_by_role("complementary", name="What just happened")
    rows = panel.locator("table.auction tbody tr")
    assert rows.count() == 8
    won = [row.locator("td, th").all_inner_texts() for row in rows.all()[:4]]
    assert [row[0] for row in won] == ["1", "2", "3", "4"]
    for _, _, pctr, bid, value, price in won:
        rate, offered, worth, paid = (
            float(text.strip("€ %").replace(",", "")) for text in (pctr, bid, value, price)
        )
        assert 0 < paid <= offered
        assert worth == pytest.approx(offered * rate / 100 * 1000, rel=0.02)  # a rounded bid
    assert panel.locator(".stages li").count() >= 3
    assert panel.locator(".filters li").count() >= 1
    shopper.get_by_role("link", name="The last decisions and events").click()
    assert shopper.get_by_role("heading", name="Live in this store").is_visible()


def test_what_happens_appears_by_itself_until_it_is_paused(page: Page) -> None:
    asked: list[str] = []
    page.on("request", lambda r: asked.append(r.url) if r.url.endswith("/live") else None)
    page.goto(RESULTS)
    page.locator("#live .feed li", has_text="hiking boots").first.wait_for(timeout=15_000)
    assert page.locator("#live .fate").count() >= 4
    pause = page.get_by_role("button", name="Pause")
    pause.focus()
    page.keyboard.press("Enter")
    assert page.get_by_role("button", name="Go on").get_attribute("aria-pressed") == "true"
    page.wait_for_timeout(500)  # what was under way
    before = len(asked)
    page.wait_for_timeout(3_000)
    assert len(asked) == before
    page.get_by_role("button", name="Go on").click()
    page.wait_for_timeout(3_000)
    assert len(asked) > before


def pass_by(page: Page, milliseconds: int) -> None:
    """Let that much time pass for the page, and some for the browser."""
    page.clock.run_for(milliseconds)
    page.wait_for_timeout(400)


def open_with_time_standing_still(page: Page) -> None:
    page.clock.install(time=0)
    page.clock.pause_at(1_000)
    page.goto(RESULTS)
    page.wait_for_timeout(800)  # until the browser has looked what is in view


def show_of_the_second_row(page: Page, share: float) -> None:
    """Make the window so high that this share of it is in view."""
    box = page.locator(".ad").nth(2).bounding_box()
    assert box is not None
    page.set_viewport_size({"width": 1280, "height": round(box["y"] + share * box["height"])})
    page.wait_for_timeout(800)


def test_an_ad_counts_as_viewed_after_a_second_in_view_and_once(page: Page) -> None:
    seen = viewed(page)
    open_with_time_standing_still(page)
    expected = [str(ad.get_attribute("data-view")) for ad in page.locator(".ad").all()]
    show_of_the_second_row(page, 0.3)
    pass_by(page, 950)
    assert seen == []  # not before its second is over
    pass_by(page, 100)
    assert sorted(seen) == sorted(expected[:2])  # of the others too little is in view
    show_of_the_second_row(page, 0.8)
    pass_by(page, 1_100)
    assert sorted(seen) == sorted(expected)
    for end in ("document.body.scrollHeight", "0"):
        page.evaluate(f"window.scrollTo({{top: {end}, behavior: 'instant'}})")
        page.wait_for_timeout(800)
        pass_by(page, 2_000)
    assert sorted(seen) == sorted(expected)


def test_an_ad_that_was_passed_by_was_not_viewed(page: Page) -> None:
    seen = viewed(page)
    open_with_time_standing_still(page)
    pass_by(page, 900)
    page.evaluate("window.scrollTo({top: document.body.scrollHeight, behavior: 'instant'})")
    page.wait_for_timeout(800)
    pass_by(page, 5_000)
    assert seen == []


@pytest.mark.parametrize("path", ["/", RESULTS, "/live", "/split", "/p/100756", "/docs"])
def test_a_page_asks_nobody_else_and_breaks_no_rule(page: Page, shop_url: str, path: str) -> None:
    hosts: set[str] = set()
    complaints: list[str] = []
    page.on("request", lambda r: hosts.add(urlsplit(r.url).netloc))
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(path)
    page.wait_for_timeout(1_500)
    assert hosts - {""} == {urlsplit(shop_url).netloc}  # pictures inside style sheets have none
    assert complaints == []


def test_the_reference_is_drawn(page: Page) -> None:
    page.goto("/docs")
    page.locator(".opblock").first.wait_for(timeout=15_000)
    assert page.locator(".opblock").count() > 20
    page.locator(".opblock-summary", has_text="/v1/events").first.click()
    page.get_by_role("button", name="Try it out").wait_for()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("path", ["/", RESULTS, "/split", "/p/100756"])
def test_text_can_be_read_and_controls_have_names(
    chromium: Browser, shop_url: str, path: str, scheme: str
) -> None:
    context = chromium.new_context(
        base_url=shop_url, user_agent=_PERSON, viewport={"width": 1280, "height": 900},
        color_scheme="dark" if scheme == "dark" else "light",
    )  # fmt: skip
    page = context.new_page()
    page.goto("/")
    page.get_by_role("button", name="Hanna").click()
    page.goto(path)
    page.wait_for_timeout(1_500)
    assert page.evaluate(CONTRASTS) == []
    assert page.evaluate(UNNAMED) == []
    assert page.get_by_role("heading", level=1).count() == 1
    context.close()
