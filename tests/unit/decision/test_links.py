from __future__ import annotations

from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.decision.links import is_safe, resolve_link

SITE = "https://shop.example/start"


@pytest.mark.parametrize(
    ("link", "resolved"),
    [
        ("https://other.example/p?x=1#y", "https://other.example/p?x=1#y"),
        ("https://other.example:8443/p", "https://other.example:8443/p"),
        ("/p/1?from=ad", "https://shop.example/p/1?from=ad"),
        ("/", "https://shop.example/"),
        ("http://localhost:8000/p", "http://localhost:8000/p"),
        ("http://127.0.0.1/p", "http://127.0.0.1/p"),
        ("http://[::1]:9/p", "http://[::1]:9/p"),
        ("https://schöne-schuhe.example/p", "https://schöne-schuhe.example/p"),
        ("https://192.0.2.7/p", "https://192.0.2.7/p"),
        ("https://shop.example./p", "https://shop.example./p"),
    ],
)
def test_links_that_may_stand_behind_an_ad(link: str, resolved: str) -> None:
    assert resolve_link(link, SITE) == resolved


@pytest.mark.parametrize(
    "link",
    [
        "",
        "p/1",
        "//evil.example/p",
        "/\\evil.example",
        "\\\\evil.example",
        "https:\\\\evil.example",
        "javascript:alert(1)",
        "JAVASCRIPT:alert(1)",
        "data:text/html,x",
        "ftp://shop.example/p",
        "http://shop.example/p",
        "http://127.0.0.1.evil.example/p",
        "http://localhost.evil.example/p",
        "https://shop.example@evil.example/p",
        "https://user:word@shop.example/p",
        "https://",
        "https:///p",
        "https://shop%2eexample/p",
        "https://shop.example%2f@evil.example/p",
        "https://shop。example/p",
        "https://ｓhop.example/p",
        "https://shop.127/p",  # browsers take it for an address
        "https://2130706433/p",
        "https://0x7f.0x1/p",
        "https://shop..example/p",
        "https://-shop.example/p",
        "https:shop.example",
        "https://shop.example:port/p",
        "https://shop.example:0/p",
        "https://shop.example:99999/p",
        "https://[::1/p",
        "https://shop.[::1]example:8443/p",
        "https://[::1].example/p",
        "https://[::1]x:9/p",
        "/p\r\nSet-Cookie: a=b",
        "/p\x00",
        "/p with spaces",
        "https://shop.example/\u202egnp.exe",
        " https://shop.example/p",
        "https://shop.example/" + "x" * 2048,
        "/" + "x" * 2048,
    ],
)
def test_links_that_may_not(link: str) -> None:
    assert resolve_link(link, SITE) is None


def test_a_path_needs_a_site_to_stand_on() -> None:
    assert resolve_link("/p", "http://shop.example") is None
    assert resolve_link("/p", "") is None
    assert resolve_link("/p", "http://localhost:8000") == "http://localhost:8000/p"


@given(st.text(alphabet="/\\:@.#?ahtpsjevil\t\r\n \x00%2e5c", max_size=30))
def test_whatever_is_let_through_goes_to_the_shop_or_over_https(text: str) -> None:
    resolved = resolve_link(text, SITE)
    if resolved is not None:
        assert urlsplit(resolved).scheme in {"https", "http"}
        assert is_safe(resolved)
        if text.startswith("/"):
            assert urlsplit(resolved).netloc == "shop.example"
