"""Where a click may lead: destinations are mutated, and read as a browser reads them.

`ada` is the URL parser of the WHATWG standard that browsers and Node.js follow.
"""

from __future__ import annotations

import random
from typing import TYPE_CHECKING
from urllib.parse import unquote

import ada_url
import httpx
import pytest

from service.api.tokens import AdToken
from service.decision.links import resolve_link
from service.decision.terms import Micros
from tests.unit.api.shop import SHOE, make_app, make_state

if TYPE_CHECKING:
    from collections.abc import Iterator

SITE = "https://shop.example"
CLICKED = "https://ads.example/c/token"
OWN = ("/p/1", "/p/1?size=42&color=red#top", "/", "/p/ü/羊毛")
ABSOLUTE = ("https://shop.example/p/1", "https://shop.example:8443/p?x=1")
TRICKS = (
    "//evil.example", "///evil.example", "\\\\evil.example", "/\\evil.example", "\\/evil.example",
    "javascript:alert(1)", "JaVaScRiPt:alert(1)", "java\tscript:alert(1)", "data:text/html,x",
    "vbscript:x", "file:///etc/passwd", "blob:x", "@evil.example", "shop.example@evil.example",
    ":x@evil.example/", "%40evil.example", "%2f%2fevil.example", "%5c%5cevil.example", "%00",
    "%0d%0aLocation: https://evil.example", "\r\nSet-Cookie: a=b", "\n", "\r", "\t", "\0", " ",
    "\u3002evil.example", "\uff0f\uff0fevil.example", "\u2044", "\uff20evil.example", "\u202e",
    "\u200b", "\ufeff", "\xad", "..", "/../", "/.//evil.example", "?", "#", "&url=//evil.example",
    ".evil.example", ";", ":", ":443", ":99999", ":0", "[::1]", "127.0.0.1", "localhost",
    "http://", "https:", "https:/", "http:evil.example", "ftp://", "HTTPS://", "//", "\\", "@",
    "<script>", '"', "'", "`", "{", "|", "^", "%", "%zz", "\ud800",
)  # fmt: skip
COUNTS = [5_000, pytest.param(100_000, marks=pytest.mark.slow)]


def mutations(seeds: tuple[str, ...], count: int) -> Iterator[str]:
    """`count` links near `seeds`: up to three tricks, in it or in its place."""
    chance = random.Random(11)  # noqa: S311 - the same mutations every run
    for number in range(count):
        link = seeds[number % len(seeds)]
        for _ in range(chance.randrange(1, 4)):
            place = chance.randrange(len(link) + 1)
            end = place + chance.choice((0, 0, 0, 1, 2, len(link)))
            link = link[:place] + chance.choice(TRICKS) + link[end:]
        yield link


def read_by_browser(url: str) -> ada_url.URL:
    """`url` in a Location header of the click's address, as a browser takes it."""
    return ada_url.URL(url, base=CLICKED)


def taken_apart(url: str) -> tuple[str, ...]:
    """What a browser asks for, whichever characters are escaped."""
    read = read_by_browser(url)
    parts = (unquote(part) for part in (read.pathname, read.search, read.hash))
    return (read.protocol, read.host, *parts)


@pytest.mark.parametrize("count", COUNTS)
def test_a_mutated_path_never_leaves_the_shop(count: int) -> None:
    through, taken = [], 0
    for link in mutations(OWN, count):
        url = resolve_link(link, SITE)
        if url is None or not link.startswith("/"):
            continue
        taken += 1
        read = read_by_browser(url)
        if (read.protocol, read.host, read.username) != ("https:", "shop.example", ""):
            through.append((link, url, read.href))
    assert through == []
    assert taken > count // 20


@pytest.mark.parametrize("count", COUNTS)
def test_a_mutated_address_is_https_without_user_and_all_read_the_same_host(count: int) -> None:
    through, taken = [], 0
    for link in mutations(ABSOLUTE, count):
        url = resolve_link(link, SITE)
        if url is None:
            continue
        taken += 1
        read = read_by_browser(url)
        ours = httpx.URL(url)
        local = read.protocol == "http:" and read.hostname in {"localhost", "127.0.0.1", "[::1]"}
        if not (
            (read.protocol == "https:" or local)
            and not read.username
            and not read.password
            and read.hostname.strip("[]") == ours.raw_host.decode("ascii").lower()
        ):
            through.append((link, url, read.href))
    assert through == []
    assert taken > count // 20


@pytest.mark.parametrize("count", [500, pytest.param(20_000, marks=pytest.mark.slow)])
async def test_a_click_leads_where_the_stored_link_leads(count: int) -> None:
    state = make_state()
    transport = httpx.ASGITransport(app=make_app(state))
    followed = 0
    async with httpx.AsyncClient(transport=transport, base_url="https://ads.example") as client:
        for link in mutations(OWN + ABSOLUTE, count):
            url = resolve_link(link, SITE)
            if url is None:
                continue
            followed += 1
            token = state.signer.sign(
                AdToken(
                    SHOE, "req_" + "ab" * 16, 0, "ad_a1", "cmp_a1", "a1", Micros(1),
                    1_800_000_000.0, 3600, None, url,
                )
            )  # fmt: skip
            answer = await client.get(f"/c/{token}?url=//evil.example&next=https://evil.example")
            assert answer.status_code == 302
            location = answer.headers["location"]
            assert location.isascii()
            assert location.isprintable()
            assert taken_apart(location) == taken_apart(url)
    assert followed > count // 20


@pytest.mark.parametrize("link", TRICKS)
def test_no_trick_by_itself_is_a_destination(link: str) -> None:
    url = resolve_link(link, SITE)
    assert url is None or read_by_browser(url).host == "shop.example"


@pytest.mark.parametrize(
    "site", ["javascript:x", "//shop.example", "http://shop.example", "https://a@b.example", ""]
)
def test_a_bad_site_makes_no_destination(site: str) -> None:
    assert resolve_link("/p/1", site) is None
