from __future__ import annotations

import math
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.contract.tokenizer import Tokenizer
from service.contract.vocabulary import BUCKETS, Vocabulary, learn_vocabulary

TITLES = ("Steel Kitchen Sink", "Steel Sink 33 in.", "Oak Kitchen Table", "Steel Pipe")


def test_ids_are_padding_then_known_then_buckets() -> None:
    vocabulary = Vocabulary(["steel", "oak"], [3, 1], 4)
    assert vocabulary.id_of("steel") == 1
    assert vocabulary.id_of("oak") == 2
    assert vocabulary.id_of("never seen") == 3 + zlib.crc32(b"never seen") % 1024
    assert vocabulary.size == 1 + 2 + 1024
    assert vocabulary.known == 2


def test_idf_counts_titles() -> None:
    vocabulary = Vocabulary(["steel", "oak"], [3, 1], 4)
    assert vocabulary.idf[0] == 0.0
    assert vocabulary.idf[1] == pytest.approx(math.log(5 / 4))
    assert vocabulary.idf[2] == pytest.approx(math.log(5 / 2))
    assert vocabulary.idf[3] == pytest.approx(math.log(5))
    assert len(vocabulary.idf) == vocabulary.size


@given(st.text(st.characters(codec=None, exclude_categories=())))
def test_any_word_has_an_id(word: str) -> None:
    vocabulary = Vocabulary(["steel"], [1], 1)
    assert 1 <= vocabulary.id_of(word) < vocabulary.size


def test_common_words_and_pairs_are_learnt() -> None:
    phrases = ("kitchen sink", "steel sink", "oak table", "oak table", "steel")
    vocabulary = learn_vocabulary(Tokenizer(), TITLES, phrases=phrases, min_count=2)
    # steel stands in 3 titles, kitchen and sink in 2; "oak tabl" in 2 phrases, in no title
    assert vocabulary.terms == ("steel", "kitchen", "sink", "oak tabl")
    assert vocabulary.document_counts == (3, 2, 2, 0)
    assert vocabulary.documents == 4


def test_the_most_common_are_kept_when_there_is_no_room() -> None:
    assert learn_vocabulary(Tokenizer(), TITLES, max_terms=1).terms == ("steel",)


def test_nothing_can_be_learnt_from_nothing() -> None:
    vocabulary = learn_vocabulary(Tokenizer(), ())
    assert vocabulary.size == 1 + BUCKETS
    assert not vocabulary.idf.any()


@given(st.lists(st.text(st.characters(codec=None, exclude_categories=())), unique=True))
def test_it_is_read_as_it_was_written(terms: list[str]) -> None:
    vocabulary = Vocabulary(terms, [1] * len(terms), 1)
    again = Vocabulary.from_bytes(vocabulary.to_bytes())
    assert again.terms == vocabulary.terms
    assert again.to_bytes() == vocabulary.to_bytes()


@pytest.mark.parametrize(
    ("data", "complaint"),
    [
        (b"", "Expecting value"),
        (b"[]", "nothing else"),
        (b'{"documents": 1}', "nothing else"),
        (b'{"documents": "1", "terms": [], "document_counts": []}', "whole numbers"),
        (b'{"documents": 1, "terms": [1], "document_counts": [1]}', "whole numbers"),
        (b'{"documents": 1, "terms": "ab", "document_counts": [1, 1]}', "whole numbers"),
        (b'{"documents": 1, "terms": ["a"], "document_counts": [true]}', "whole numbers"),
        (b'{"documents": 1, "terms": ["a", "a"], "document_counts": [1, 1]}', "1 distinct"),
        (b'{"documents": 1, "terms": ["a"], "document_counts": [1, 1]}', "2 counts"),
        (b'{"documents": 1, "terms": ["a"], "document_counts": [2]}', "more than all 1"),
        (b'{"documents": 1, "terms": ["a"], "document_counts": [-1]}', "fewer than 0"),
        (b"\xff", "decode"),
    ],
)
def test_anything_else_is_refused(data: bytes, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        Vocabulary.from_bytes(data)
