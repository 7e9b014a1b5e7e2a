from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from service.decision.index import by_bytes
from service.decision.strings import StringTable

TEXTS = st.lists(st.text(st.characters(exclude_categories=["Cs"])))


@given(TEXTS)
def test_a_table_gives_back_what_it_was_made_of(texts: list[str]) -> None:
    table = StringTable.of(texts)
    assert len(table) == len(texts)
    assert table.all() == texts
    assert table.take(reversed(range(len(texts)))) == texts[::-1]


@given(TEXTS, st.text(st.characters(exclude_categories=["Cs"])))
def test_a_sorted_table_finds_its_strings_and_no_other(texts: list[str], other: str) -> None:
    ordered = by_bytes(texts)
    table = StringTable.of(ordered)
    assert [table.find(text) for text in ordered] == list(range(len(ordered)))
    assert (table.find(other) >= 0) == (other in ordered)
    assert table.rank(other) == sum(text.encode() < other.encode() for text in ordered)


def test_strings_stand_in_the_order_of_their_bytes() -> None:
    assert by_bytes(["é", "z", "a", "z"]) == ["a", "z", "é"]
