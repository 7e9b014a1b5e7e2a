"""Titles made to become markup: a page that shows them is parsed as a browser parses it."""

from __future__ import annotations

import random
from collections import Counter
from typing import TYPE_CHECKING
from urllib.parse import quote

import html5lib
import httpx
import pytest

from service.api.schemas.ads import AdResponse
from service.decision.live import Live
from service.decision.snapshot import Catalogue, build_snapshot
from service.decision.terms import (
    Ad,
    Campaign,
    CampaignStatus,
    Keyword,
    MatchType,
    Micros,
    Placement,
    Product,
    Store,
)
from service.web.cards import Card, TitleRun
from service.web.rendering import _environment
from tests.unit.api.shop import SHOE, keys_of, make_app, make_state

if TYPE_CHECKING:
    from collections.abc import Iterator
    from xml.etree.ElementTree import Element

    from service.decision.snapshot import Snapshot

A_PAGE = 500
COUNTS = [5_000, pytest.param(100_000, marks=pytest.mark.slow)]
HARMLESS = "Trail Running Shoe"
MARKUP = (
    "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "<svg/onload=alert(1)>",
    "</mark>", "</a>", "</h2><h2>", "<a href='javascript:x'>", "<!--", "-->", "<![CDATA[", "]]>",
    "<?xml", "<b>", "</title>", "</textarea>", "</style>", "<iframe srcdoc='x'>",
    "<base href=//evil>", "<plaintext>", '" onmouseover="x', "' autofocus onfocus='x",
    "{{ 7*7 }}", "{% raw %}", "${7*7}", "&lt;b&gt;", "&#60;script&#62;", "&amp;lt;",
    "&#x3c;b&#x3e;", "&quot;", "<", ">", "&", "'", '"', "`", "=", "/", "\u2028", "\u202e",
    "\u200b", "\uff1cscript\uff1e", "\xa0", "<\u017fcript>", "&nbsp", "<math>", "<template>",
    "<noscript>", "</html>", "<frameset>", "<select>", "<table>", "<p>", "<li>",
)  # fmt: skip
PAGE = """{% from "title.html" import card_title %}
<!doctype html><html><head><title>t</title></head><body>{% for card in cards %}
{{- "" }}<article title="{{ card.product.title }}"><h2><a href="{{ card.href }}">
{{- card_title(card) -}}
</a></h2></article>{% endfor %}</body></html>"""


def titles(count: int) -> Iterator[str]:
    """`count` titles with up to four pieces of markup in them."""
    chance = random.Random(3)  # noqa: S311 - the same titles every run
    for _ in range(count):
        words = HARMLESS.split()
        for _ in range(chance.randrange(1, 5)):
            words.insert(chance.randrange(len(words) + 1), chance.choice(MARKUP))
        yield chance.choice((" ", "")).join(words)


def card_of(title: str) -> Card:
    """A card whose title is marked in the middle, as a selling point would be."""
    third = len(title) // 3
    runs = (
        TitleRun(title[:third]),
        TitleRun(title[third : 2 * third], marked=True),
        TitleRun(title[2 * third :]),
    )
    product = Product(quote(title, safe=""), title, "/p/1", Micros(1))
    return Card(product, runs, f"/p/{product.product_id}", "€1.00")


def shape(element: Element) -> Counter[tuple[str, tuple[str, ...]]]:
    """How often each tag stands with which attributes."""
    found = ((str(one.tag), tuple(sorted(one.attrib))) for one in element.iter())
    return Counter(found)


def text_of(element: Element) -> str:
    return "".join(element.itertext())


def parsed(shown: list[str]) -> Element:
    """A page with a card for each of these titles, as a browser takes it."""
    html = _environment().from_string(PAGE).render(cards=[card_of(title) for title in shown])
    page: Element = html5lib.parse(html, namespaceHTMLElements=False)
    return page


@pytest.mark.parametrize("count", COUNTS)
def test_no_title_becomes_markup(count: int) -> None:
    made = list(titles(count))
    harmless = shape(parsed([HARMLESS] * A_PAGE))
    for first in range(0, count, A_PAGE):
        some = made[first : first + A_PAGE]
        page = parsed(some)
        assert shape(page) == harmless
        articles = list(page.iter("article"))
        assert [text_of(article) for article in articles] == some
        assert [article.attrib["title"] for article in articles] == some


def shop_of(shown: list[str]) -> Snapshot:
    """A shop whose products have these titles, all of them advertised."""
    goods = [
        Product(f"p{number}", title, f"/p/{number}", Micros(1_000_000), highlights=("waterproof",))
        for number, title in enumerate(shown)
    ]
    bid, budget = Micros(100_000), Micros(10_000_000)
    words = (Keyword("shoe", MatchType.BROAD),)
    campaign = Campaign(
        "cmp_1", "adv_1", "All", CampaignStatus.ACTIVE, bid, budget, keywords=words
    )
    ads = [Ad(f"ad_{one.product_id}", "cmp_1", one.product_id) for one in goods]
    places = [Placement("search_top", "web", 20, Micros(0), title_limit=300)]
    store = Store(SHOE, "Shoes", "EUR", "en", "https://shop.example")
    return build_snapshot(Catalogue(store, 8, goods, [campaign], ads, places, keys_of("a")))


async def test_titles_reach_a_page_as_the_parts_that_the_answer_has() -> None:
    state = make_state()
    shown = list(titles(200))
    transport = httpx.ASGITransport(app=make_app(state))
    seen = 0
    async with httpx.AsyncClient(transport=transport, base_url="https://ads.example") as client:
        for first in range(0, len(shown), 20):
            state.live[SHOE] = Live(shop_of(shown[first : first + 20]))
            answer = await client.post(
                "/v1/ads",
                json={"query": "shoe", "placement": "search_top", "timeout_ms": 1000},
                headers={"authorization": "Bearer sk_a"},
            )
            for ad in AdResponse.model_validate_json(answer.content).ads:
                seen += 1
                assert "".join(part.text for part in ad.title.parts) == ad.title.text
                runs = tuple(TitleRun(part.text, part.highlight) for part in ad.title.parts)
                card = Card(Product("1", "x", "/", Micros(1)), runs, "/", "")
                html = _environment().from_string(PAGE).render(cards=[card])
                page = html5lib.parse(html, namespaceHTMLElements=False)
                assert {str(one.tag) for one in page.iter()} <= {
                    "html", "head", "title", "body", "article", "h2", "a", "mark",
                }  # fmt: skip
                assert text_of(page.find("body")) == ad.title.text
    assert seen > 100
