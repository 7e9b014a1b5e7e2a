from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from service.decision.graphemes import length
from service.decision.language import language_of
from service.decision.plain import plain
from service.decision.shorten import shorten
from service.decision.terms import PhrasePosition, PhraseStyle, SellingPoint
from service.decision.title import ShownTitle, TitleRules, write_title

ENGLISH = language_of("en")
words = ENGLISH.singulars


def point(text: str) -> SellingPoint:
    return SellingPoint(f"sp_{text}", text, "benefit", "highlight", text)


def write(
    original: str, *phrases: str, limit: int = 150, style: PhraseStyle = PhraseStyle.IN_PLACE
) -> ShownTitle:
    points = [point(phrase) for phrase in phrases]
    return write_title(original, points, rules=TitleRules(limit, style), language=ENGLISH)


def marked(shown: ShownTitle) -> str:
    """The title with what is highlighted in brackets."""
    return "".join(f"[{part.text}]" if part.highlight else part.text for part in shown.title.parts)


def test_without_points_the_title_is_the_original() -> None:
    shown = write("Oak Table")
    assert (marked(shown), shown.title.text, shown.title.original) == ("Oak Table",) * 3
    assert shown.points == ()


def test_phrases_go_before_the_title() -> None:
    shown = write("Oak Table", "easy to clean", "made in Spain")
    assert marked(shown) == "[easy to clean], [made in Spain] – Oak Table"
    assert [part.selling_point_id for part in shown.title.parts] == [
        "sp_easy to clean",
        None,
        "sp_made in Spain",
        None,
        None,
    ]


def test_a_phrase_in_the_title_is_highlighted_and_not_said_twice() -> None:
    shown = write("Acme Solid Oak Table, Round", "solid oak", "round")
    assert marked(shown) == "Acme [Solid Oak] Table, [Round]"
    assert shown.points == (point("solid oak"), point("round"))


def test_one_in_the_title_and_one_before_it() -> None:
    shown = write("Acme Solid Oak Table", "solid oak", "easy to clean")
    assert marked(shown) == "[easy to clean] – Acme [Solid Oak] Table"


def test_a_point_that_overlaps_another_in_the_title_is_left_out() -> None:
    shown = write("Stainless Steel Blade", "stainless steel", "steel blade")
    assert marked(shown) == "[Stainless Steel] Blade"
    assert shown.points == (point("stainless steel"),)


def test_a_phrase_with_a_small_word_or_number_inside_is_highlighted_in_parts() -> None:
    shown = write("Acme Strong-Tie 12-Gauge Tub and Shower Kit", "strong-tie gauge", "tub shower")
    assert marked(shown) == "Acme [Strong-Tie] 12-[Gauge] [Tub] and [Shower] Kit"
    assert [part.selling_point_id for part in shown.title.parts if part.highlight] == [
        "sp_strong-tie gauge",
        "sp_strong-tie gauge",
        "sp_tub shower",
        "sp_tub shower",
    ]
    assert shown.points == (point("strong-tie gauge"), point("tub shower"))


def test_no_point_stands_between_the_parts_of_another() -> None:
    shown = write("Strong-Tie 12-Gauge Spike", "strong-tie gauge", "12")
    assert marked(shown) == "[Strong-Tie] 12-[Gauge] Spike"
    assert shown.points == (point("strong-tie gauge"),)


def test_points_are_left_out_before_the_title_is_cut() -> None:
    # "soft – Oak Table" has 16 graphemes, "soft, made in Spain – Oak Table" 31
    assert marked(write("Oak Table", "soft", "made in Spain", limit=31)) == (
        "[soft], [made in Spain] – Oak Table"
    )
    assert marked(write("Oak Table", "soft", "made in Spain", limit=30)) == "[soft] – Oak Table"
    assert marked(write("Oak Table", "soft", "made in Spain", limit=15)) == "Oak Table"
    # a later point that fits where an earlier did not still has its place
    assert marked(write("Oak Table", "made in Spain", "oak", limit=15)) == "[Oak] Table"


def test_a_title_too_long_alone_is_cut_between_words() -> None:
    assert marked(write("Solid Oak Table for Six", "oak", limit=14)) == "Solid [Oak]…"
    assert marked(write("Oak Table", "soft", limit=1)) == "…"


FRONT = PhraseStyle.FRONT


@pytest.mark.parametrize(
    ("original", "phrases", "written"),
    [
        (
            "GE 24 in. Stainless Steel Sink",
            ["stainless steel"],
            "[Stainless Steel] – GE 24 in. Sink",
        ),
        ("GE Sink, Stainless Steel", ["stainless steel"], "[Stainless Steel] – GE Sink"),
        ("GE Sink, Steel, Wide", ["steel"], "[Steel] – GE Sink, Wide"),
        ("GE Sink in Stainless Steel", ["stainless steel"], "GE Sink in [Stainless Steel]"),
        ("Steel Sink", ["steel"], "[Steel] Sink"),
        ("Acme Non-Stick Pan", ["non"], "Acme [Non]-Stick Pan"),
        ("Acme Pan (Steel)", ["steel"], "Acme Pan ([Steel])"),
        ("Acme Box for 3-Burner Stove", ["burner"], "Acme Box for 3-[Burner] Stove"),
        ("Acme Hose 18 V Steel 18 V", ["18 v"], "Acme Hose [18 V] Steel 18 V"),
        ("Acme Wide Steel Pan", ["steel", "wide"], "[Steel], [Wide] – Acme Pan"),
        ("Acme Wide Pan of Steel", ["wide", "steel"], "[Wide] – Acme Pan of [Steel]"),
        ("Acme Wide Pan", ["rust free", "wide"], "[rust free], [Wide] – Acme Pan"),
        ("Acme InSinkErator Switch", ["sink"], "Acme In[Sink]Erator Switch"),
        ("Acme SharkBite Valve", ["bite"], "Acme Shark[Bite] Valve"),
        ("Acme Spüle aus Edelstahl", ["edelstahl"], "Acme Spüle aus [Edelstahl]"),
        ("Acme Mitigeur d'évier", ["évier"], "Acme Mitigeur d'[évier]"),
        ("Acme Tabla de Roble", ["roble"], "Acme Tabla de [Roble]"),
        ("Acme Spüle Edelstahl", ["edelstahl"], "[Edelstahl] – Acme Spüle"),
        ("女士羊毛大衣", ["羊毛"], "女士[羊毛]大衣"),
        ("Acme Tub and Shower Kit", ["tub shower"], "Acme [Tub] and [Shower] Kit"),
        (
            "Acme Wide Tub and Shower Kit",
            ["tub shower", "wide"],
            "[Wide] – Acme [Tub] and [Shower] Kit",
        ),
    ],
)
def test_the_front_style_moves_what_can_be_moved(
    original: str, phrases: list[str], written: str
) -> None:
    assert marked(write(original, *phrases, style=FRONT)) == written


SUFFIX = PhrasePosition.SUFFIX


def test_phrases_go_after_the_title_where_the_placement_says_so() -> None:
    behind = TitleRules(150, position=SUFFIX)
    points = [point("easy to clean"), point("oak"), point("soft")]
    shown = write_title("Acme Oak Table", points, rules=behind, language=ENGLISH)
    assert marked(shown) == "Acme [Oak] Table – [easy to clean], [soft]"
    front = TitleRules(150, PhraseStyle.FRONT, SUFFIX)
    shown = write_title("Acme Oak Table", points, rules=front, language=ENGLISH)
    assert marked(shown) == "[Oak] – Acme Table – [easy to clean], [soft]"


def test_a_point_that_says_what_another_says_is_left_out() -> None:
    assert marked(write("Oak Table", "soft", "soft touch", "wide")) == "[soft], [wide] – Oak Table"
    assert marked(write("Acme Oak Table", "oak", "solid oak")) == "Acme [Oak] Table"


def test_a_title_without_a_word_shows_no_points() -> None:
    assert write("", "soft").title.parts == ()
    assert write("<b>", "soft").points == ()


def test_nothing_is_moved_that_would_let_the_rest_say_another_phrase() -> None:
    shown = write("Hobbs RH5 Fridge White", "fridge", "hobbs rh5 white", style=FRONT)
    assert marked(shown) == "[hobbs rh5 white] – Hobbs RH5 [Fridge] White"


def test_a_name_is_not_torn_apart_to_say_a_part_of_it_first() -> None:
    points = [point("diamond"), point("wide")]
    shown = write_title(
        "New Black Diamond Wide Jacket",
        points,
        rules=TitleRules(150, PhraseStyle.FRONT),
        language=ENGLISH,
        names=["Black Diamond"],
    )
    assert marked(shown) == "[Wide] – New Black [Diamond] Jacket"


def test_a_title_says_what_of_its_name_had_no_room() -> None:
    rules = TitleRules(20)
    shown = write_title(
        "Acme Drill with Case XR-200 18 V", [], rules=rules, language=ENGLISH, names=["Acme"]
    )
    assert (marked(shown), shown.title.left_out) == ("Acme… XR-200 18 V", ())
    shown = write_title(
        "Acme Drill with Case XR-200 18 V",
        [point("soft")],
        rules=TitleRules(16),
        language=ENGLISH,
        names=["Acme"],
    )
    assert (marked(shown), shown.title.left_out) == ("Acme… XR-200…", ("18 V",))


@pytest.mark.parametrize(
    ("locale", "original", "phrases", "written"),
    [
        (
            "fr-FR",
            "Veste",
            ['coupe "douce"', "léger"],
            "[coupe «\u202fdouce\u202f»], [léger]\xa0– Veste",
        ),
        ("zh-CN", "女士大衣", ["羊毛", "保暖"], "[羊毛]，[保暖]｜女士大衣"),
        ("ja", "レインジャケット", ["防水", "軽量"], "[防水]、[軽量]｜レインジャケット"),
        ("ar", "سترة مطر", ["مقاوم للماء", "خفيف"], "[مقاوم للماء]، [خفيف] – سترة مطر"),
        # what runs the other way is isolated, and all beside it
        (
            "he",
            "מעיל גשם",
            ["light", "עמיד"],
            "\u2066[light]\u2069, \u2067[עמיד]\u2069 – מעיל גשם",
        ),
        ("en", "Rain Coat", ["עמיד"], "\u2067[עמיד]\u2069 – Rain Coat"),
        ("en", "Rain עמיד Coat", ["עמיד"], "Rain [עמיד] Coat"),
    ],
)
def test_titles_are_set_as_their_language_sets_them(
    locale: str, original: str, phrases: list[str], written: str
) -> None:
    language = language_of(locale)
    points = [point(phrase) for phrase in phrases]
    shown = write_title(original, points, rules=TitleRules(150), language=language)
    assert marked(shown) == written
    assert "".join(part.text for part in shown.title.parts) == shown.title.text


def test_isolates_count_as_the_letters_they_are() -> None:
    points = [point("עמיד")]  # 4 letters, " – " and two isolates before "Coat": 13
    for limit, many in ((13, 1), (12, 0)):
        shown = write_title("Coat", points, rules=TitleRules(limit), language=ENGLISH)
        assert len(shown.points) == many


def test_what_a_shop_should_not_have_written_is_not_shown() -> None:
    shown = write(
        "<b>Oak</b> Table &amp; Chair\u202e\ud800",
        "<i>soft</i>",
        "\u200f",
        "ea\x00sy &lt;b&gt;clean",
    )
    assert marked(shown) == "[soft], [ea sy clean] – Oak Table & Chair"
    assert shown.title.original == "<b>Oak</b> Table &amp; Chair\u202e\ud800"


def squeezed(text: str) -> str:
    """The letters and digits of `text`, without case."""
    return "".join(filter(str.isalnum, text)).casefold()


TEXTS = st.text(alphabet=st.sampled_from("abc 1oakOAK-,()–…<>&é\u0301👍🏽‍ "), max_size=30)


@given(
    TEXTS.map(lambda text: " ".join(text.split())),
    st.lists(TEXTS.map(lambda text: " ".join(text.split())).filter(bool), max_size=3, unique=True),
    st.integers(1, 60),
    st.sampled_from(PhraseStyle),
    st.sampled_from(PhrasePosition),
)
@example("1", ["1<A>"], 1, PhraseStyle.IN_PLACE, PhrasePosition.PREFIX)
def test_any_title_keeps_its_promises(
    original: str, phrases: list[str], limit: int, style: PhraseStyle, position: PhrasePosition
) -> None:
    points = [point(phrase) for phrase in phrases]
    rules = TitleRules(limit, style, position)
    shown = write_title(original, points, rules=rules, language=ENGLISH)
    title = shown.title
    assert "".join(part.text for part in title.parts) == title.text
    assert length(title.text) <= limit
    assert title.original == original
    said: dict[str, list[str]] = {}
    for part in title.parts:
        if part.selling_point_id is not None:
            said.setdefault(part.selling_point_id, []).append(part.text)
    assert {point.selling_point_id for point in shown.points} == said.keys()
    for one in shown.points:
        highlighted, told = " ".join(said[one.selling_point_id]), plain(one.text)  # no markup
        assert squeezed(highlighted) == squeezed(told) or words(highlighted) == words(told)
    assert all(part.highlight == (part.selling_point_id is not None) for part in title.parts)
    if not shown.points:
        assert title.text == shorten(plain(original), limit, (), ENGLISH).text
