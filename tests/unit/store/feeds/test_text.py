from __future__ import annotations

from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.store.feeds.text import plain_text


class Finder(HTMLParser):
    """Counts what a browser would take for markup."""

    found = 0

    def handle_starttag(self, *_: object, **__: object) -> None:
        self.found += 1

    def handle_endtag(self, *_: object, **__: object) -> None:
        self.found += 1

    def handle_comment(self, *_: object, **__: object) -> None:
        self.found += 1

    def handle_decl(self, *_: object, **__: object) -> None:
        self.found += 1

    def handle_pi(self, *_: object, **__: object) -> None:
        self.found += 1


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        ("Steves &amp; Sons Door", "Steves & Sons Door"),
        ("Baker&#39;s Rack", "Baker's Rack"),
        ("Baker&amp;#39;s &amp;amp; Rack", "Baker's & Rack"),
        ("a&nbsp;b", "a b"),
        ("<b>Bold</b> lamp", "Bold lamp"),
        ("&lt;script&gt;alert(1)&lt;/script&gt;Lamp", "Lamp"),
        ("&amp;lt;b&amp;gt;x", "x"),
        ("<!-- x --> lamp", "lamp"),
        ("2 < 3 > 1", "2 < 3 > 1"),
        ("<img src=x onerror=y", "img src=x onerror=y"),
        ("  many \t spaces\r\n here ", "many spaces here"),
        ("nul \x00 and \x1b escape", "nul and escape"),
        ("Lámpa 台灯 💡 5 mm × 3", "Lámpa 台灯 💡 5 mm × 3"),
        ("", ""),
        ("AT&T", "AT&T"),
        ("\u202elamp\u2066 \u200b\ufeff", "lamp"),  # marks that would turn the page around
        ("\U0001f468\u200d\U0001f469 tent", "\U0001f468\u200d\U0001f469 tent"),
    ],
)
def test_text_is_made_plain(raw: str, text: str) -> None:
    assert plain_text(raw) == text


@given(
    st.lists(
        st.sampled_from(
            ["<", ">", "&lt;", "&amp;lt;", "/", "!", "script", "a", "--", " ", '"', "="]
        )
    )
)
def test_no_markup_is_left(parts: list[str]) -> None:
    finder = Finder()
    finder.feed(plain_text("".join(parts)))
    finder.close()
    assert finder.found == 0


@given(st.text())
def test_any_text_becomes_storable(raw: str) -> None:
    once = plain_text(raw)
    assert "\x00" not in once
    assert once == once.strip()
    assert once.encode() or not once  # no lone surrogate
