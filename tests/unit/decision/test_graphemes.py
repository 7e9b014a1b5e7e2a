from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.decision.graphemes import clusters, cut, length


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
