from __future__ import annotations

from service.contract.spans import LONGEST_TEXT, Match, clues, matches, tokens, words_of


def test_words_and_signs_keep_their_places_and_looks() -> None:
    line = tokens("Hard DriveIn 900-GB, X4")
    assert [token.word for token in line] == ["hard", "drive", "in", "900", "-", "gb", ",", "x4"]
    assert [token.shape for token in line] == ["Aaa", "Aaa", "Aa", "00", "-", "AA", ",", "A0"]
    assert [("Hard DriveIn 900-GB, X4"[t.start : t.end]) for t in line][1:3] == ["Drive", "In"]


def test_only_the_beginning_of_a_long_text_is_read() -> None:
    assert len(tokens("word " * 1000)) == LONGEST_TEXT == 150


def test_known_values_are_found_also_within_each_other() -> None:
    line = tokens("Solid Oak Wood table")
    known = {words_of("solid oak"): 1, words_of("Oak Wood"): 1, words_of("oak"): 1}
    assert list(matches(line, known)) == [
        Match(0, 2, ("solid", "oak")),
        Match(1, 2, ("oak",)),
        Match(1, 3, ("oak", "wood")),
    ]


def test_a_word_is_told_by_itself_its_neighbours_and_known_values() -> None:
    line = tokens("Table 40mm solid oak")
    (match,) = matches(line, {("solid", "oak"): 1})
    found = clues(line, [(match, ("material",))])
    assert found[1] == [
        *("any", "w 40mm", "s 00aa", "b 40m", "e 0mm", "u mm", "at 1"),
        *("-2 ^", "-1 table", "+1 solid", "+2 oak", "-s Aaa", "+s aa"),
        *("-- table 40mm", "++ 40mm solid"),
    ]
    assert found[2][-1] == "begins 2 material"
    assert found[3][-1] == "within material"
    assert "at 3" not in found[3]
    assert "+1 $" in found[3]
