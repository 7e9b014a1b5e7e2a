from __future__ import annotations

import math

import numpy as np
import pytest

from service.contract.relevance import Relevance, RelevanceError, keys_of, phrase_key

SIZE = 5

# Of 10 products shown for "sink" 5 attest "steel"; of 4 shown for "= steel sink" all 4 do.
KNOWN = Relevance(
    rows={"sink": 0, "=steel sink": 1},
    phrases={"soft close": 1, "steel": 2},
    weights=np.array([1, 1], np.float32),
    shown=np.array([10, 4], np.float32),
    starts=np.array([0, 1, 2], np.int64),
    codes=np.array([2, 2], np.int32),
    counts=np.array([5, 4], np.float32),
    share=np.array([0, 0.01, 0.1], np.float32),
    said=np.zeros(SIZE + 3, np.float32),
    told=np.array([0, 0.1, 0.2], np.float32),
    squares=np.array([0, 0.1, 0.1], np.float32),
)


def match(query: str, phrase: str) -> list[float]:
    return match_all([(query, [phrase])])[0]


def match_all(asked: list[tuple[str, list[str]]]) -> list[list[float]]:
    fits = [KNOWN.fit(keys_of(words, words)) for query, _ in asked for words in (query.split(),)]
    codes = np.array([KNOWN.code(phrase) for _, phrases in asked for phrase in phrases])
    usual, out = np.full(len(codes), 0.05, np.float32), np.empty((len(codes), 3), np.float32)
    KNOWN.match(fits, [len(phrases) for _, phrases in asked], codes, usual, out)
    return [list(map(float, row)) for row in out]


def test_a_query_has_its_words_its_pairs_and_itself_as_keys() -> None:
    assert keys_of(["big", "steel", "sink"], ["steel", "sink"]) == [
        "big", "steel", "sink", "steel sink", "=big steel sink",
    ]  # fmt: skip


def test_a_phrase_that_products_of_a_word_attest_fits_it() -> None:
    lift = math.log((5 / 0.1 + 10) / (10 + 10))
    share = 0.1 * math.exp(lift)  # 30 % of them, usually 10 %
    assert match("sink", "steel") == pytest.approx([math.log(share), 1.0, math.log(0.1)])


def test_a_phrase_that_they_do_not_attest_fits_less_than_usual() -> None:
    lift = math.log(10 / (10 + 10))
    best = 0.1 * (5 / 0.1 + 10) / 20
    found = match("sink", "Soft  Close")
    expected = [math.log(0.01) + lift, 0.01 * math.exp(lift) / best, math.log(0.01)]
    assert found == pytest.approx(expected, rel=1e-5)


def test_a_query_asked_before_counts_more_than_its_words() -> None:
    of_word = (5 / 0.1 + 10) / 20
    lift = math.log((4 / 0.1 + 2 * of_word) / (4 + 2))
    assert match("steel sink", "steel")[0] == pytest.approx(lift + math.log(0.1), rel=1e-5)
    assert match("new sink", "steel")[0] == pytest.approx(
        math.log(of_word) + math.log(0.1), rel=1e-5
    )


def test_what_is_not_known_is_as_usual() -> None:
    assert match("lamp", "steel")[0] == pytest.approx(math.log(0.1))
    assert match("sink", "never attested")[0] == pytest.approx(math.log(0.05))
    assert KNOWN.code("never attested") == 0
    assert phrase_key(" Soft\tCLOSE ") == "soft close"


def test_where_nothing_was_shown_no_share_is_larger_than_the_best() -> None:
    nothing, out = Relevance.nothing(SIZE), np.empty((1, 3), np.float32)
    nothing.match([nothing.fit(["=x"])], [1], np.array([0]), np.array([0.05], np.float32), out)
    assert out[0].tolist() == pytest.approx([math.log(0.05), 1.0, math.log(0.05)])


def test_queries_are_matched_together_as_each_alone() -> None:
    asked = [("sink", ["steel", "never attested"]), ("lamp", []), ("steel sink", ["soft close"])]
    alone = [row for one in asked if one[1] for row in match_all([one])]
    assert match_all(asked) == alone
    assert len({tuple(row) for row in alone}) == 3


def test_bytes_give_the_same_counts_again() -> None:
    again = Relevance.from_bytes(KNOWN.to_bytes(), SIZE)
    assert again.to_bytes() == KNOWN.to_bytes()
    assert (again.rows, again.phrases) == (KNOWN.rows, KNOWN.phrases)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"[]\n",
        b'{"keys":[],"phrases":[]}\n',
        KNOWN.to_bytes()[:-1],
        KNOWN.to_bytes() + b"0",
        KNOWN.to_bytes().replace(b'"sink"', b'"sink","lamp"'),
        KNOWN.to_bytes().replace(b'"steel"]', b'"steel","oak"]'),
        Relevance.nothing(SIZE + 1).to_bytes(),
    ],
)
def test_other_bytes_are_refused(data: bytes) -> None:
    with pytest.raises(RelevanceError):
        Relevance.from_bytes(data, SIZE)
