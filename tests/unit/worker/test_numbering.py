from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.errors import BadInputError
from service.worker import numbering
from service.worker.numbering import END, FIRST_HASHED, number_all, number_anew, number_of


def test_whole_numbers_stay_as_they_are() -> None:
    assert number_of("100001") == 100_001
    assert number_of("0") == 0
    assert number_of("2147483647") == 2_147_483_647


@pytest.mark.parametrize(
    "identifier", ["007", "+1", "1.0", " 1", "sku-9", "", "٣", "2147483648", "9" * 5000]
)
def test_anything_else_gets_a_number_above_those_that_stay(identifier: str) -> None:
    assert FIRST_HASHED <= number_of(identifier) < END


def test_a_number_never_changes() -> None:
    assert number_of("sku-9") == 3_006_630_688_235_527


def test_two_identifiers_never_share_a_number(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(numbering, "number_of", lambda _: 7)
    with pytest.raises(BadInputError, match="'a' and 'b' both map to the number 7"):
        number_all(["a", "b"])


def test_numbers_for_one_export_go_on_from_the_largest_that_stays() -> None:
    assert number_anew(["bob", "7", "ann", "3", "bob"]) == {"3": 3, "7": 7, "ann": 8, "bob": 9}
    assert number_anew([]) == {}


@given(st.sets(st.text()))
def test_every_identifier_has_its_own_number(identifiers: set[str]) -> None:
    assert len(set(number_all(identifiers).values())) == len(identifiers)
    assert len(set(number_anew(identifiers).values())) == len(identifiers)
