from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.errors import BadInputError
from service.worker import numbering
from service.worker.numbering import LARGEST_KEPT, number_all, number_of


def test_whole_numbers_stay_as_they_are() -> None:
    assert number_of("100001") == 100_001
    assert number_of("0") == 0
    assert number_of(str(LARGEST_KEPT)) == LARGEST_KEPT


@pytest.mark.parametrize(
    "identifier", ["007", "+1", "1.0", " 1", "sku-9", "", "٣", str(LARGEST_KEPT + 1)]
)
def test_anything_else_gets_a_number_above_those_that_stay(identifier: str) -> None:
    assert LARGEST_KEPT < number_of(identifier) < 2**62


def test_a_number_never_changes() -> None:
    assert number_of("sku-9") == 2_094_549_158_152_410_113


def test_two_identifiers_never_share_a_number(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(numbering, "number_of", lambda _: 7)
    with pytest.raises(BadInputError, match="'a' and 'b' both map to the number 7"):
        number_all(["a", "b"])


@given(st.sets(st.text()))
def test_every_identifier_has_its_own_number(identifiers: set[str]) -> None:
    assert len(set(number_all(identifiers).values())) == len(identifiers)
