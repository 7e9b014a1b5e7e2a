from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.decision.graphemes import clusters, cut, fits, length


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("", 0),
        ("shoe", 4),
        ("e\u0301te\u0301", 3),  # two letters with combining accents
        ("👨‍👩‍👧", 1),  # a family, joined
        ("👍🏽", 1),  # a skin tone
        ("🇩🇪🇫🇷", 2),  # two flags of two letters each
        ("🇩🇪🇫", 2),
        ("❤️!", 2),  # a variation selector
        ("🏴󠁧󠁢󠁳󠁣󠁴󠁿", 1),  # a flag by tags
        ("羊毛大衣", 4),
        ("a\u200d b", 3),  # nothing joins a space
    ],
)
def test_text_counts_as_its_readers_count(text: str, count: int) -> None:
    assert length(text) == count
    assert len(clusters(text)) == count


def test_a_cut_never_splits_a_grapheme() -> None:
    assert cut("👨‍👩‍👧 shoes", 3) == "👨‍👩‍👧 s"
    assert cut("shoes", 3) == "sho"


@given(st.text(), st.integers(0, 20))
def test_clusters_joined_are_the_text_and_a_cut_is_its_beginning(text: str, limit: int) -> None:
    assert "".join(clusters(text)) == text
    assert text.startswith(cut(text, limit))
    assert length(cut(text, limit)) == min(limit, length(text))


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("a\u200db", 2),  # a joiner joins pictures only
        ("😀\u200da", 2),
        ("❤️\u200d🔥", 1),
        ("한국어", 3),
        ("\u1112\u1161\u11ab\u1100\u116e\u11a8", 2),  # the same in jamo
        ("각\u1161", 2),  # nothing but a final follows a final
        ("น้ำ", 1),
        ("हिन्दी", 3),  # a conjunct counts by its consonants
        ("\u102b\u102c", 2),
        ("ｶﾞ", 1),
        ("می\u200cشود", 5),
        ("\u2067עמיד\u2069", 6),  # isolates count, and nothing continues them
        ("\u2069\u0301", 2),
        ("\u0600\u0661", 1),  # a sign before a number
        ("🇩🇪🇫🇷🇪🇸", 3),
        ("e\u0301\u0302\u200d", 1),
    ],
)
def test_clusters_are_those_of_unicode(text: str, count: int) -> None:
    assert length(text) == count
    assert "".join(clusters(text)) == text


@given(st.text(max_size=30), st.integers(0, 30))
def test_what_fits_is_not_longer(text: str, limit: int) -> None:
    assert fits(text, limit) == (length(text) <= limit)
