"""What the page shows, what it tells the service, and what it never does."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any

import pytest
from fastapi import Response

from service.demo.merchants import make_shop
from service.demo.personas import PERSONAS
from service.web.demo_shop import open_demo_shop
from tests.unit.web.fake_service import KEY, FakeService, sponsored

if TYPE_CHECKING:
    from pathlib import Path

    import httpx

HANNA = PERSONAS[0]


class Elements(HTMLParser):
    """The elements of a page, and the text in each kind."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.texts: dict[str, list[str]] = {}
        self._open: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))
        if tag not in {"input", "img", "link", "meta"}:
            self._open.append(tag)
            self.texts.setdefault(tag, []).append("")

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag  # well-formed

    def handle_data(self, data: str) -> None:
        for tag in set(self._open):
            self.texts[tag][-1] += data

    def of(self, tag: str, **attributes: str) -> list[dict[str, str | None]]:
        wanted = {name.rstrip("_"): value for name, value in attributes.items()}
        return [a for t, a in self.found if t == tag and wanted.items() <= a.items()]


async def test_front_page_shows_departments_and_queries(browser: httpx.AsyncClient) -> None:
    answer = await browser.get("/")
    assert answer.status_code == 200
    elements = Elements(answer.text)
    assert len(elements.of("a", class_="tile")) == 12
    assert elements.of("a", class_="chip", href="/?q=desk+lamp")


async def test_results_show_ads_with_label_marks_price_picture_and_pixel(
    browser: httpx.AsyncClient, service: FakeService
) -> None:
    service.ads = [sponsored("100300", [("Windproof", True), (" – Rain Jacket", False)])]
    answer = await browser.get("/", params={"q": "rain jacket"})
    elements = Elements(answer.text)
    assert elements.of("article", class_="card ad") == [
        {
            "class": "card ad",
            "data-product": "100300",
            "data-view": "http://shop.test/v/tok.gif",
        }
    ]
    assert elements.texts["mark"] == ["Windproof"]
    assert elements.texts["h2"][0] == "Windproof – Rain Jacket"
    assert "Sponsored" in elements.texts["p"]
    assert elements.of("img", class_="pixel", src="http://shop.test/i/tok.gif")
    assert elements.of("img", src="/pictures/100300.png")
    assert len(elements.of("a", href="http://shop.test/c/tok")) == 2
    assert len(elements.of("article", class_="card")) == 12
    assert "Ads decided in 0.6 ms, done without: titles." in answer.text


async def test_the_service_is_asked_as_any_shop_would(
    browser: httpx.AsyncClient, service: FakeService
) -> None:
    await browser.get("/", params={"q": "rain jacket"}, headers={"Sec-GPC": "1"})
    (asked,) = service.asked
    assert asked["query"] == "rain jacket"
    assert asked["placement"] == "search_top"
    assert asked["user"] == {"consent": False}
    assert len(asked["organic_ids"]) == 12
    assert service.headers[0]["authorization"] == f"Bearer {KEY}"
    assert service.headers[0]["sec-gpc"] == "1"
    assert service.told == []  # nothing is told of a shopper without consent


async def test_a_category_asks_by_category(
    browser: httpx.AsyncClient, service: FakeService
) -> None:
    answer = await browser.get("/", params={"category": "Home > Lighting"})
    assert service.asked[0]["category"] == "Home > Lighting"
    assert service.asked[0]["placement"] == "category_top"
    assert "Home &gt; Lighting" in answer.text
    assert "No ads: no_match" in answer.text


async def test_a_persona_consents_and_is_known(
    browser: httpx.AsyncClient, service: FakeService
) -> None:
    chosen = await browser.post("/shopper", data={"shopper": HANNA.user_id, "q": "tent"})
    assert (chosen.status_code, chosen.headers["location"]) == (303, "/?q=tent")
    await browser.get("/?q=tent")
    user = service.asked[0]["user"]
    assert user["id"] == HANNA.user_id
    assert user["consent"] is True
    kinds = [(e["type"], e.get("action")) for e in service.told]
    assert kinds[0] == ("search", None)
    assert kinds[1:] == [("feature_word", "shown")] * 8
    assert [e["position"] for e in service.told[1:]] == list(range(1, 9))
    assert all(event["user"] == user for event in service.told)
    ids = {event["event_id"] for event in service.told}
    await browser.get("/?q=tent")
    assert {event["event_id"] for event in service.told} == ids  # a reload tells nothing new


async def test_consent_can_be_given_and_taken_back(
    browser: httpx.AsyncClient, service: FakeService
) -> None:
    await browser.post("/consent", data={"consent": "yes"})
    await browser.get("/?q=tent")
    first = service.asked[-1]["user"]
    assert first["id"] == f"anon-{first['session']}"
    assert browser.cookies["visit"] == first["session"]
    await browser.post("/consent", data={"consent": "no"})
    assert "visit" not in browser.cookies
    await browser.get("/?q=tent")
    assert service.asked[-1]["user"] == {"consent": False}


async def test_a_browser_that_refuses_is_not_asked_twice(
    browser: httpx.AsyncClient, service: FakeService
) -> None:
    browser.headers["Sec-GPC"] = "1"
    await browser.post("/shopper", data={"shopper": HANNA.user_id})
    await browser.post("/consent", data={"consent": "yes"})
    assert "Global Privacy Control" in (await browser.get("/?q=tent")).text
    assert service.asked[0]["user"] == {"consent": False}
    assert service.told == []


async def test_back_to_anonymous_is_without_consent(
    browser: httpx.AsyncClient, service: FakeService
) -> None:
    await browser.post("/shopper", data={"shopper": HANNA.user_id})
    back = await browser.post("/shopper", data={"shopper": "anonymous", "category": "Bags"})
    assert back.headers["location"] == "/?category=Bags"
    await browser.get("/?q=tent")
    assert service.asked[-1]["user"] == {"consent": False}


async def test_a_forged_visit_cookie_is_not_taken(
    browser: httpx.AsyncClient, service: FakeService
) -> None:
    browser.cookies.update({"visit": "demo-hanna", "consent": "yes"})
    await browser.get("/?q=tent")
    assert "demo-hanna" not in str(service.asked[0]["user"])


async def test_a_feature_word_click_is_told_and_filters(
    browser: httpx.AsyncClient, service: FakeService
) -> None:
    await browser.post("/consent", data={"consent": "yes"})
    form = {"q": "rain jacket", "clicked": "taped seams", "position": "3", "word": "windproof"}
    clicked = await browser.post("/feature-word", data=form)
    assert clicked.status_code == 303
    assert clicked.headers["location"] == "/?q=rain+jacket&word=windproof&word=taped+seams"
    (event,) = service.told
    assert event["action"] == "clicked"
    assert (event["feature_word"], event["query"], event["position"]) == (
        "taped seams", "rain jacket", 3,
    )  # fmt: skip
    assert event["user"]["consent"] is True
    answer = await browser.get("/?q=rain+jacket&word=taped+seams")
    on = Elements(answer.text).of("a", class_="chip on")
    assert [a["href"] for a in on] == ["/?q=rain+jacket"] or not on


async def test_filtered_results_all_have_the_words(
    browser: httpx.AsyncClient, service: FakeService
) -> None:
    await browser.get("/?q=rain+jacket&word=taped+seams")
    kept = set(service.asked[0]["organic_ids"])
    assert kept
    assert all(
        "taped seams" in p.highlights for p in make_shop(1).products if p.product_id in kept
    )


async def test_a_click_without_consent_names_nobody(
    browser: httpx.AsyncClient, service: FakeService
) -> None:
    await browser.post("/feature-word", data={"q": "tent", "clicked": "windproof"})
    assert service.told[0]["user"] == {"consent": False}
    assert service.told[0]["position"] is None


@pytest.mark.parametrize("form", [{}, {"q": "tent"}, {"clicked": "windproof"}, {"q": "\x00"}])
async def test_half_a_click_is_no_event(
    browser: httpx.AsyncClient, service: FakeService, form: dict[str, str]
) -> None:
    answer = await browser.post("/feature-word", data=form)
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/")
    assert not answer.headers["location"].startswith("//")
    assert service.told == []


async def test_a_product_page_and_its_cart(
    browser: httpx.AsyncClient, service: FakeService
) -> None:
    answer = await browser.get("/p/100001")
    assert answer.status_code == 200
    added = await browser.post("/cart", data={"product_id": "100001"})
    assert added.headers["location"] == "/p/100001?cart=1"
    (event,) = service.told
    assert event["type"] == "add_to_cart"
    assert event["product_id"] == "100001"
    assert "It is in your cart." in (await browser.get(added.headers["location"])).text


async def test_a_product_that_is_not_sold(browser: httpx.AsyncClient) -> None:
    assert (await browser.get("/p/nothing")).status_code == 404
    assert (await browser.get("/pictures/nothing.png")).status_code == 404
    assert (await browser.post("/cart", data={"product_id": "x"})).headers["location"] == "/"


async def test_pictures_are_served(browser: httpx.AsyncClient) -> None:
    picture = await browser.get("/pictures/100001.png")
    assert picture.headers["content-type"] == "image/png"
    assert picture.content.startswith(b"\x89PNG")


async def test_nothing_from_outside_becomes_markup(
    browser: httpx.AsyncClient, service: FakeService
) -> None:
    evil = '"><script>alert(1)</script>'
    service.ads = [sponsored("100001", [(evil, True), (evil, False)])]
    answer = await browser.get("/", params={"q": evil, "word": evil})
    for html in (answer.text, (await browser.get("/p/100756")).text):
        elements = Elements(html)
        assert "alert" not in "".join(elements.texts.get("script", ()))
        assert not any(name.startswith("on") for _, a in elements.found for name in a)
    assert Elements(answer.text).texts["mark"] == [evil]


async def test_the_policy_allows_own_parts_and_nothing_inline(
    browser: httpx.AsyncClient, service: FakeService
) -> None:
    service.ads = [sponsored("100001", [("Shoe", False)], host="https://ads.example")]
    answer = await browser.get("/?q=shoes")
    assert answer.headers["content-security-policy"] == (
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
        "img-src 'self' data: https://ads.example; form-action 'self'; base-uri 'none'; "
        "frame-ancestors 'none'"
    )
    elements = Elements(answer.text)
    assert not any(text.strip() for text in elements.texts.get("script", ()))
    assert "style" not in elements.texts
    assert not any("style" in attributes for _, attributes in elements.found)


async def test_every_address_on_the_page_is_its_own(browser: httpx.AsyncClient) -> None:
    for path in ("/", "/?q=desk+lamp", "/p/100001", "/?category=Sports"):
        elements = Elements((await browser.get(path)).text)
        for _, attributes in elements.found:
            for name in ("src", "href", "action"):
                address = attributes.get(name) or "/"
                assert address.startswith(("/", "#")), attributes
                assert not address.startswith("//")


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (Response('{"title": "Unknown key"}', 401), "No ads just now: Unknown key."),
        (Response("oops", 500), "No ads just now: the ad service did not answer"),
        (Response("[]", 500), "No ads just now: 500"),
    ],
)
async def test_without_the_service_the_shop_still_sells(
    browser: httpx.AsyncClient, service: FakeService, answer: Response, said: str
) -> None:
    service.answer = answer
    page = await browser.get("/?q=desk+lamp")
    assert page.status_code == 200
    assert said in page.text
    assert len(Elements(page.text).of("article", class_="card")) == 12


@pytest.mark.parametrize("receipt", [Response("{}", 503), Response("oops", 202)])
async def test_lost_events_do_not_break_the_page(
    browser: httpx.AsyncClient, service: FakeService, receipt: Response
) -> None:
    service.receipt = receipt
    await browser.post("/consent", data={"consent": "yes"})
    assert (await browser.get("/?q=tent")).status_code == 200
    clicked = await browser.post("/feature-word", data={"q": "tent", "clicked": "windproof"})
    assert clicked.status_code == 303


async def test_ads_of_products_from_elsewhere_are_left_out(
    browser: httpx.AsyncClient, service: FakeService
) -> None:
    service.ads = [sponsored("other-shop-1", [("Thing", False)])]
    assert "Sponsored" not in (await browser.get("/?q=desk+lamp")).text


async def test_no_results_say_so(browser: httpx.AsyncClient) -> None:
    assert "Nothing here for “qqq”" in (await browser.get("/?q=qqq")).text
    answer = await browser.get("/?q=tent&word=nope")
    assert "with nope" in answer.text


async def test_forms_from_other_sites_are_refused(
    browser: httpx.AsyncClient, service: FakeService
) -> None:
    for path in ("/consent", "/shopper", "/feature-word", "/cart"):
        answer = await browser.post(
            path, data={"consent": "yes"}, headers={"Sec-Fetch-Site": "cross-site"}
        )
        assert answer.status_code == 403
    assert service.told == []
    assert not browser.cookies


@pytest.mark.parametrize(
    ("body", "status"),
    [(b"q=" + b"a" * 9_000, 413), (b"\xff=1", 400), (b"&".join([b"a=1"] * 30), 400)],
)
async def test_forms_are_small_and_plain(
    browser: httpx.AsyncClient, body: bytes, status: int
) -> None:
    answer = await browser.post("/consent", content=body)
    assert answer.status_code == status


async def test_long_and_odd_queries_are_cleaned(
    browser: httpx.AsyncClient, service: FakeService
) -> None:
    await browser.get("/", params={"q": "  rain\x00\n jacket  " + "x" * 400})
    asked: Any = service.asked[0]["query"]
    assert asked.startswith("rain jacket xxx")
    assert len(asked) == 256
    assert (await browser.get("/", params={"q": "山行 🌲 <&>"})).status_code == 200


@pytest.mark.usefixtures("no_demo_file")
async def test_without_a_demo_shop_the_page_says_how_to_get_one(
    browser: httpx.AsyncClient,
) -> None:
    answer = await browser.get("/?q=tent")
    assert answer.status_code == 200
    assert "salient up" in answer.text
    assert "salient demo seed" in answer.text
    assert (await browser.get("/p/100001")).status_code == 404


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"publishable_key": "pk_x"}'])
def test_a_broken_demo_file_is_as_none(demo_file: Path, text: str) -> None:
    demo_file.write_text(text)
    assert open_demo_shop(demo_file) is None
