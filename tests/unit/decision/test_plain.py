from __future__ import annotations

import html5lib
import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.decision.plain import plain


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Oak Table", "Oak Table"),
        ("  Oak \t Table\n", "Oak Table"),
        ("Oak\xa0Table", "Oak Table"),
        ("Red\u202e  Mugs", "Red Mugs"),
        ("wind\u200bproof \u200fcoat\ufeff", "windproof coat"),
        ("a\x00b\u2066 c\ud800\t d ", "a b c d"),
        ("Men&#39;s 24 &quot; Saw &amp;amp; More", "Men's 24 \" Saw & More"),
        ("<b>Bold</b> <br/>Oak<img src=x onerror=alert(1)>", "Bold Oak"),
        ("&lt;script&gt;alert(1)&lt;/script&gt;", "alert(1)"),
        ("<!-- a --> Oak", "Oak"),
        # what is taken out may have kept markup apart, or entities hidden it
        ("<scr\u200bipt>x", "x"),
        ("<<b>i>x", "< i>x"),
        ("&am\u200bp;lt;b>x", "x"),
        # nothing of a name is lost that only looks like markup
        ("fits <M8 and >M4, 1 < 2", "fits M8 and >M4, 1 < 2"),
        ("A&GTools K&LT-300 &foo; R&D", "A&GTools K&LT-300 &foo; R&D"),
        ("👨\u200d👩\u200d👧 می\u200cشود", "👨\u200d👩\u200d👧 می\u200cشود"),
    ],
)
def test_text_is_shown_as_a_reader_would_have_it(text: str, shown: str) -> None:
    assert plain(text) == shown


PIECES = st.sampled_from(
    [
        "<",
        ">",
        "b",
        "/",
        "!",
        "--",
        "&",
        "lt;",
        "#60;",
        "amp;",
        "\u200b",
        "\u202e",
        "\x00",
        " ",
        "1",
    ]
)


@given(st.lists(PIECES, max_size=24).map("".join))
def test_no_text_is_markup_and_plain_text_stays(text: str) -> None:
    shown = plain(text)
    assert plain(shown) == shown
    page = html5lib.parseFragment(shown, namespaceHTMLElements=False)
    assert len(list(page.iter())) == 1
    assert not set(shown) & set("\u200b\u202e\x00")
