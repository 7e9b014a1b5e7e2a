from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.decision.graphemes import length
from service.decision.language import language_of
from service.decision.shorten import Shortened, shorten

ENGLISH = language_of("en")
ANGLE = "Simpson Strong-Tie 12-Gauge Angle with Long Legs 3 in. x 4 cu. ft. Model XR-200 Grey XL"


def cut(title: str, limit: int, *names: str) -> str:
    return shorten(title, limit, names, ENGLISH).text


def test_a_title_that_fits_stays_as_it_is() -> None:
    assert shorten("Solid Oak Table for Six", 23, (), ENGLISH) == Shortened(
        "Solid Oak Table for Six"
    )


def test_a_title_is_cut_between_words() -> None:
    assert cut("Solid Oak Table for Six", 16) == "Solid Oak Table…"
    assert cut("Solid Oak Table for Six", 14) == "Solid Oak…"
    assert cut("Solid Oak Table, Round", 17) == "Solid Oak Table…"


def test_a_word_too_long_alone_is_cut_between_graphemes() -> None:
    assert shorten("Donaudampfschiff", 6, (), ENGLISH) == ("Donau…", ("Donaudampfschiff",))
    assert cut("Noe\u0301l-Baum", 4) == "Noe\u0301…"
    assert cut("Oak Table", 1) == "…"
    assert cut("Oak Table", 0) == ""
    assert cut("", 0) == ""
    assert shorten("\u3000" * 9, 5, (), ENGLISH).left_out == ()


@pytest.mark.parametrize(
    ("limit", "shown", "left_out"),
    [
        (87, ANGLE, ()),
        (70, "Simpson Strong-Tie 12-Gauge Angle… 3 in. x 4 cu. ft. Model XR-200… XL", ()),
        # "Model" leads to a name: it goes before the names themselves do
        (58, "Simpson Strong-Tie 12-Gauge… 3 in. x 4 cu. ft.… XR-200… XL", ()),
        # brand, then models, then sizes
        (46, "Simpson Strong-Tie 12-Gauge… Model XR-200… XL", ("3 in. x 4 cu. ft",)),
        (30, "Simpson Strong-Tie… XR-200… XL", ("12-Gauge", "3 in. x 4 cu. ft")),
        (20, "Simpson Strong-Tie…", ("XR-200", "12-Gauge", "3 in. x 4 cu. ft", "XL")),
        (12, "… XR-200… XL", ("Simpson Strong-Tie", "12-Gauge", "3 in. x 4 cu. ft")),
    ],
)
def test_what_names_the_product_stays_as_long_as_it_has_room(
    limit: int, shown: str, left_out: tuple[str, ...]
) -> None:
    found = shorten(ANGLE, limit, ["Simpson Strong-Tie"], ENGLISH)
    assert found == (shown, left_out)
    assert len(found.text) <= limit


def test_what_is_denied_is_not_left_without_its_denial() -> None:
    trim = "Faucet Trim in Chrome (Valve Not Included)"
    assert cut(trim, 41) == "Faucet Trim in Chrome…"
    drill = "Drill - Battery and Charger Not Included, Wide, Blue"
    assert cut(drill, 48) == "Drill - Battery and Charger Not Included, Wide…"
    assert cut(drill, 39) == "Drill…"
    # a size stays all the same
    assert cut("Drill (18V Battery Not Included)", 28) == "Drill (18V…"


def test_a_measure_is_not_cut_in_two() -> None:
    # "3/4" alone would be another board
    assert cut("Board 3/4 cu. ft. Oak", 10) == "Board…"


def test_attributes_name_a_product_too() -> None:
    long = "Apple Laptop in Very Light Grey MacBook Air Extra Wide"
    assert cut(long, 30, "Apple") == "Apple Laptop in Very Light…"
    assert cut(long, 30, "Apple", "MacBook Air") == "Apple Laptop in… MacBook Air…"
    assert cut(long, 35, "Apple", "extra wide") == "Apple Laptop in Very… Extra Wide"


def test_a_script_without_spaces_is_cut_between_letters() -> None:
    phone = "苹果iPhone15手机壳256GB透明防摔XL码5毫升"
    assert length(phone) == 28
    assert cut(phone, 27, "苹果") == "苹果iPhone15手机壳256GB透明…XL…5毫升"
    assert cut(phone, 20, "苹果") == "苹果iPhone15…256GB…XL…"


@given(
    st.lists(
        st.sampled_from(
            [
                "Acme",
                "Bolt",
                "12",
                "in.",
                "x",
                "XR-200",
                "XL",
                "Size",
                "大衣",
                "5毫升",
                "é\u0301",
                "-",
            ]
        ),
        max_size=14,
    ).map(" ".join),
    st.integers(0, 60),
    st.sampled_from(["", "Acme", "Bolt & Co", "Nobody"]),
)
def test_no_cut_is_too_long_and_the_more_room_the_more_names(
    title: str, limit: int, brand: str
) -> None:
    short, wide = (shorten(title, room, [brand], ENGLISH) for room in (limit, limit + 1))
    assert length(short.text) <= limit
    assert (short.text == title) or "…" in short.text or limit == 0
    if not short.left_out:
        assert not wide.left_out
