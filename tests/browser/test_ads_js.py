"""The script on a page of another origin, in Chromium, with everything real behind it."""

from __future__ import annotations

import os
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import httpx
import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, Page, Request

_PERSON = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/140.0 Safari/537.36"
_GPC = "Object.defineProperty(Navigator.prototype, 'globalPrivacyControl', {get: () => true})"
_SPY = """{
  const real = window.fetch;
  window.asked = [];
  window.fetch = async (url, options) => {
    window.asked.push(JSON.parse(await options.body.text()));
    return real(url, options);
  };
}"""
STYLE = """<style>
  body { font: 16px sans-serif; margin: 24px }
  .salient-ad { display: block; padding: 8px }
  .salient-point { color: #067 }
</style>"""
KNOWN = 'data-user="u-4711" data-session="s-4711" data-consent="true"'


@dataclass
class OwnPages:
    """A shop's own pages, on an origin of their own."""

    url: str = ""
    body: str = ""
    asked: list[str] = field(default_factory=list)

    def write(self, service: str, key: str, inside: str, who: str = KNOWN) -> None:
        script = f'<script src="{service}/ads.js" data-key="{key}" {who} async></script>'
        self.body = f"<!doctype html><title>Shop</title>{STYLE}{inside}{script}"


@pytest.fixture(scope="module")
def pages() -> Iterator[OwnPages]:
    own = OwnPages()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:  # the name that the library calls
            own.asked.append(self.path)
            self.send_response(200)
            self.send_header("content-type", "text/html; charset=utf-8")
            self.end_headers()
            self.wfile.write(own.body.encode())

        def log_message(self, *_: Any) -> None:  # quiet
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    own.url = f"http://127.0.0.1:{server.server_port}"
    yield own
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(scope="module")
def key(shop_url: str, shop_told: dict[str, Any], pages: OwnPages) -> str:
    """A publishable key for the shop's own pages, in force."""
    headers = {"authorization": f"Bearer {shop_told['secret_key']}"}
    draft = {
        "name": "Pages",
        "kind": "publishable",
        "scopes": ["serve", "events"],
        "origins": [pages.url],
    }
    with httpx.Client(base_url=shop_url, headers=headers) as client:
        made = client.post("/v1/keys", json=draft)
        assert made.status_code == 201, made.text
        found: str = made.json()["key"]
        for _ in range(50):
            asked = client.post(
                f"/v1/ads?key={found}",
                json={"query": "x", "placement": "search_top"},
                headers={"authorization": f"Bearer {found}"},
            )
            if asked.status_code == 200:
                return found
            threading.Event().wait(0.1)
    pytest.fail("the key is not in force")


@dataclass
class Visit:
    """A page, and what it sent to the service."""

    page: Page
    sent: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    def note(self, request: Request) -> None:
        if "/v1/" in request.url and request.method == "POST":
            path = request.url.partition("?")[0].rpartition("/v1/")[2]
            self.sent.append((path, request.post_data_json or {}))

    def told(self, kind: str) -> int:
        events = [one for path, body in self.sent if path == "events" for one in body["events"]]
        return sum(one["type"] == kind for one in events)


@pytest.fixture
def visit(chromium: Browser) -> Iterator[Visit]:
    context = chromium.new_context(user_agent=_PERSON, viewport={"width": 900, "height": 600})
    page = context.new_page()
    page.add_init_script(_SPY)
    opened = Visit(page)
    page.on("request", opened.note)
    page.on("pageerror", lambda error: opened.errors.append(str(error)))
    yield opened
    context.close()


SLOT = '<div data-salient-slot="search_top" data-query="hiking boots" data-slots="2">none</div>'


def test_ads_are_shown_as_text_counted_once_and_viewed_after_a_second(
    shop_url: str, key: str, pages: OwnPages, visit: Visit
) -> None:
    pages.write(shop_url, key, SLOT)
    visit.page.goto(pages.url)
    visit.page.locator(".salient-ad").first.wait_for()
    assert visit.page.locator(".salient-ad").count() == 2
    assert visit.page.locator(".salient-label").all_inner_texts() == ["Sponsored"] * 2
    [asked] = visit.page.evaluate("asked")
    assert asked["user"] == {"id": "u-4711", "session": "s-4711", "consent": True}
    visit.page.wait_for_timeout(500)
    assert (visit.told("impression"), visit.told("view")) == (2, 0)  # not for a second yet
    visit.page.wait_for_timeout(1_500)
    assert (visit.told("impression"), visit.told("view")) == (2, 2)
    visit.page.evaluate("salient.load()")
    visit.page.mouse.wheel(0, 10)
    visit.page.wait_for_timeout(1_300)
    assert (visit.told("impression"), visit.told("view")) == (2, 2)  # once each
    assert visit.errors == []
    if shots := os.environ.get("SALIENT_SHOTS"):
        visit.page.screenshot(path=f"{shots}/ads-js.png")


def test_what_is_out_of_sight_is_not_viewed_until_it_is(
    shop_url: str, key: str, pages: OwnPages, visit: Visit
) -> None:
    pages.write(shop_url, key, f'<div style="height: 2000px"></div>{SLOT}')
    visit.page.goto(pages.url)
    visit.page.locator(".salient-ad").first.wait_for()
    visit.page.wait_for_timeout(1_500)
    assert (visit.told("impression"), visit.told("view")) == (2, 0)
    visit.page.mouse.wheel(0, 3_000)
    visit.page.wait_for_timeout(400)
    visit.page.mouse.wheel(0, -3_000)  # gone again within the second
    visit.page.wait_for_timeout(1_300)
    assert visit.told("view") == 0
    visit.page.mouse.wheel(0, 3_000)
    visit.page.wait_for_timeout(1_600)
    assert visit.told("view") == 2


def test_a_click_goes_through_the_service(
    shop_url: str, key: str, pages: OwnPages, visit: Visit
) -> None:
    pages.write(shop_url, key, SLOT)
    visit.page.goto(pages.url)
    first = visit.page.locator(".salient-ad").first
    first.wait_for()
    clicked: list[int] = []
    visit.page.on("response", lambda r: clicked.append(r.status) if "/c/" in r.url else None)
    product = first.get_attribute("data-product")
    first.click()
    visit.page.wait_for_url(lambda url: f"{product}" in url)
    assert clicked == [302]


def test_under_an_objection_nothing_is_told_of_the_user(
    shop_url: str, key: str, pages: OwnPages, visit: Visit
) -> None:
    visit.page.add_init_script(_GPC)
    pages.write(shop_url, key, SLOT)
    visit.page.goto(pages.url)
    visit.page.locator(".salient-ad").first.wait_for()
    visit.page.wait_for_timeout(1_600)
    [asked] = visit.page.evaluate("asked")
    assert "user" not in asked
    assert (visit.told("impression"), visit.told("view")) == (2, 0)  # counted, not watched
    assert "4711" not in repr(visit.sent)
    assert "4711" not in repr(asked)


def test_without_consent_no_id_leaves_the_page(
    shop_url: str, key: str, pages: OwnPages, visit: Visit
) -> None:
    pages.write(shop_url, key, SLOT, 'data-user="u-4711" data-session="s-4711"')
    visit.page.goto(pages.url)
    visit.page.locator(".salient-ad").first.wait_for()
    assert "4711" not in repr([visit.page.evaluate("asked"), visit.sent])


def test_titles_are_text_whatever_they_hold(
    shop_url: str, key: str, pages: OwnPages, visit: Visit
) -> None:
    evil = "<img src=x onerror=window.hit=1>"
    ad = {
        "ad_id": "ad_1", "product_id": "p", "label": evil, "click_url": f"{shop_url}/c/x",
        "impression_url": f"{shop_url}/i/x.gif", "view_url": f"{shop_url}/v/x.gif",
        "title": {"parts": [{"text": evil, "highlight": h} for h in (True, False)]},
    }  # fmt: skip
    answer = {"placements": [{"placement": "search_top", "ads": [ad]}]}
    visit.page.route("**/v1/ads*", lambda route: route.fulfill(
        json=answer, headers={"access-control-allow-origin": pages.url}))  # fmt: skip
    pages.write(shop_url, key, SLOT)
    visit.page.goto(pages.url)
    visit.page.locator(".salient-ad").wait_for()
    assert visit.page.locator(".salient-title").inner_text() == evil + evil
    assert visit.page.locator("img").count() == 0
    assert visit.page.evaluate("window.hit") is None


@pytest.mark.parametrize("key_text", ["pk_unknown", ""])
def test_without_ads_the_page_stays_as_it_was(
    shop_url: str, pages: OwnPages, visit: Visit, key_text: str
) -> None:
    pages.write(shop_url, key_text, SLOT)
    visit.page.goto(pages.url)
    visit.page.wait_for_timeout(500)
    assert visit.page.locator("[data-salient-slot]").inner_text() == "none"
    assert visit.errors == []
    assert visit.told("impression") == 0
