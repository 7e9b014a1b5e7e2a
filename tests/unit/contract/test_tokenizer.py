from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.contract.characters import classes
from service.contract.tokenizer import Tokenizer, is_number, normal_form
from service.contract.units import join_units

ENGLISH = Tokenizer("en-US")
PLAIN = Tokenizer("en", stem=False)
ANY_TEXT = st.text(st.characters(codec=None, exclude_categories=()))  # lone surrogates too


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Running Shoes", ("run", "shoe")),
        ("5 mm", ("5mm",)),
        ("12 V", ("12v",)),
        ("12-Volt", ("12v",)),
        ("12volt", ("12v",)),
        ("1/2 in. Pipe", ("1/2in", "pipe")),
        ('1/2" pipe', ("1/2in", "pipe")),
        ("½ inch pipe", ("1/2in", "pipe")),
        ("1½ in", ("1-1/2in",)),
        ("1-1/2 in.", ("1-1/2in",)),
        ("2 1/4 stain", ("2-1/4", "stain")),
        ("1,000 sq. ft.", ("1000sqft",)),
        ("1.9 cu. ft. oven", ("1.9cuft", "oven")),
        (".5 gal", ("0.5gal",)),
        ("5' 6\"", ("5ft", "6in")),
        ("5′ 6″", ("5ft", "6in")),
        ("3-in-1 tool", ("3", "in", "1", "tool")),
        ("2 in 1", ("2", "in", "1")),
        ("(4-Pack)", ("4pack",)),
        ("100% cotton", ("100pct", "cotton")),
        ("2x4 stud", ("2x4", "stud")),
        ("M18 18 V", ("m18", "18v")),
        ("20 °", ("20deg",)),
        ("5 mmx", ("5", "mmx")),
        ("v5.2.1", ("v5", "2.1")),
        ("5.2.1 kit", ("5.2.1", "kit")),
        ("Men's T-Shirt", ("men", "t", "shirt")),
        ("women’s", ("women",)),
        ("R&amp;B &lt;x&gt;", ("r", "b", "x")),
        ("Brand™ Name®", ("brand", "name")),
        ("ＦＵＬＬ　ｗｉｄｔｈ", ("full", "width")),
        ("STRASSE straße", ("strass", "strass")),
        ("", ()),
        (" \t\n", ()),
        ("!!! --- ...", ()),
        ("\ud800abc\udfff", ("abc",)),
        ("\u0301abc", ("abc",)),
    ],
)
def test_words(text: str, words: tuple[str, ...]) -> None:
    assert ENGLISH.words(text) == words


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("蓝牙耳机", ("蓝牙", "牙耳", "耳机")),
        ("鞋", ("鞋",)),
        ("500克 5毫米", ("500g", "5mm")),
        ("iPhone手机壳", ("iphon", "手机", "机壳")),
        ("イヤホン", ("イヤ", "ヤホ", "ホン")),
        ("ผ้าไหม", ("ผ้า", "าไ", "ไห", "หม")),
        ("हिन्दी किताब", ("हिन्दी", "किताब")),
        ("한국어 책", ("한국어", "책")),
        ("кроссовки", ("кроссовки",)),
    ],
)
def test_other_scripts_stay_whole(text: str, words: tuple[str, ...]) -> None:
    assert ENGLISH.words(text) == words


@pytest.mark.parametrize("emoji", ["👩‍💻", "👨‍👩‍👧‍👦", "🇩🇪", "👍🏽", "❤️", "🏴󠁧󠁢󠁥󠁮󠁧󠁿", "1️⃣", "🏳️‍🌈", "🥾"])
def test_an_emoji_sequence_is_one_word(emoji: str) -> None:
    assert ENGLISH.words(f"boots{emoji}red") == ("boot", emoji, "red")
    assert ENGLISH.words(emoji * 2) == (emoji, emoji)


def test_two_flags_are_two_words() -> None:
    assert ENGLISH.words("🇩🇪🇫🇷") == ("🇩🇪", "🇫🇷")


def test_a_number_before_a_keycap_stays_apart() -> None:
    assert ENGLISH.words("12️⃣") == ("1", "2️⃣")


def test_stars_and_bullets_are_no_words() -> None:
    assert ENGLISH.words("★ Sale ● now ©") == ("sale", "now")


def test_stemming_follows_the_locale() -> None:
    assert PLAIN.words("running shoes") == ("running", "shoes")
    assert Tokenizer("de").words("Häuser") == ("haus",)
    assert Tokenizer("fr_FR").words("l'eau chaussures") == ("l", "eau", "chaussur")
    assert Tokenizer("xx-unknown").words("running") == ("running",)
    assert ENGLISH.words("a" * 40 + "ing") == ("a" * 40 + "ing",)


def test_content_leaves_out_numbers_stop_words_and_lone_letters() -> None:
    title = "Simpson Strong-Tie 12-Gauge x Angle for the Home, 鞋 👍"
    assert ENGLISH.content(title) == ("simpson", "strong", "tie", "angl", "home", "鞋", "👍")
    assert ENGLISH.pairs("Strong-Tie 12-Gauge Angle") == [("strong", "tie"), ("tie", "angl")]
    assert Tokenizer("de").content("Schuhe für den Garten") == ("schuh", "gart")


def test_numbers_and_measures_are_told_from_words() -> None:
    assert is_number("12")
    assert is_number("1/2in")
    assert not is_number("m18")


@given(ANY_TEXT)
def test_any_text_gives_words_that_stand_in_its_normal_form(text: str) -> None:
    joined = join_units(normal_form(text))
    assert all(word and word in joined for word in PLAIN.words(text))


@given(ANY_TEXT)
def test_words_hold_no_space_and_no_lone_surrogate(text: str) -> None:
    for word in ENGLISH.words(text):
        assert word.split() == [word]
        word.encode("utf-8")


@given(ANY_TEXT)
def test_case_and_unicode_form_make_no_difference(text: str) -> None:
    assert PLAIN.words(normal_form(text)) == PLAIN.words(normal_form(normal_form(text)))


@given(st.lists(st.sampled_from("👩‍💻🇩🇪蓝牙ผ้a1 -/.'\"x"), max_size=40))
def test_each_character_has_one_class(parts: list[str]) -> None:
    text = "".join(parts)
    assert len(classes(text)) == len(text)


@pytest.mark.parametrize(
    "piece", ["1", "1-", "1 ", "1/", "1.1", "1,000", " ", "a", "é", "''", "&"]
)
def test_long_text_takes_linear_time(piece: str) -> None:
    started = time.process_time()
    ENGLISH.words(piece * 60_000)
    assert time.process_time() - started < 5.0  # a quadratic one takes minutes


def test_threads_may_share_a_tokenizer() -> None:
    texts = [f"decorating{n} running{n % 7} lightings" for n in range(400)]
    expected = [Tokenizer("en").words(text) for text in texts]
    shared = Tokenizer("en")
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(shared.words, texts)) == expected
