from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from service.decision.choice import PLAIN, PRIOR, Choice
from service.decision.choice_options import Option
from service.decision.show import Entitled, entitle
from service.decision.terms import PhrasePosition, PhraseStyle, Placement
from tests.unit.decision.shop import TOP, product, snapshot

if TYPE_CHECKING:
    from service.decision.snapshot import Snapshot

COAT = product(
    "1",
    "Black Diamond Rain Coat for Women with Warm Lining XR-200 Size M",
    "warm lining",
    "wind tight",
    brand="Black Diamond",
)


def shop() -> Snapshot:
    return snapshot([COAT], [])


def titled(shop: Snapshot, placement: Placement, *phrases: str) -> Entitled:
    texts = shop.phrases.texts.all()
    rows = {texts[phrase]: row for row, phrase in enumerate(shop.points.phrase.tolist())}
    picked = [(Option(rows[one], texts.index(one), frozenset()), 0.5) for one in phrases]
    return entitle(0, Choice(tuple(picked), PRIOR), placement, shop)


def test_a_narrow_placement_keeps_what_names_the_product() -> None:
    shown = titled(shop(), replace(TOP, title_limit=40))
    assert shown.title.text == "Black Diamond Rain Coat… XR-200 Size M"
    assert (shown.reason, shown.chosen) == (PLAIN, ())
    tight = titled(shop(), replace(TOP, title_limit=25)).title
    assert (tight.text, tight.left_out) == ("Black Diamond… XR-200… M", ())
    assert titled(shop(), replace(TOP, title_limit=20)).title.left_out == ("XR-200",)


def test_points_that_have_no_room_do_not_count_as_chosen() -> None:
    narrow = replace(TOP, title_limit=52)
    shown = titled(shop(), narrow, "warm lining", "wind tight")
    # the coat's own title is cut, so its lining is said before it, if at all
    assert [one.point.text for one in shown.chosen] == []
    wide = titled(shop(), TOP, "wind tight", "warm lining")
    assert [one.point.text for one in wide.chosen] == ["wind tight", "warm lining"]
    assert wide.reason == PRIOR


def test_each_setting_of_a_placement_has_its_own_title() -> None:
    made = shop()
    texts = {
        titled(made, replace(TOP, phrase_style=style, phrase_position=position), *both).title.text
        for style in PhraseStyle
        for position in PhrasePosition
        for both in [("wind tight", "warm lining")]
    }
    assert texts == {
        "wind tight – Black Diamond Rain Coat for Women with Warm Lining XR-200 Size M",
        "Black Diamond Rain Coat for Women with Warm Lining XR-200 Size M – wind tight",
    }


def test_a_written_title_is_remembered() -> None:
    made = shop()
    first = titled(made, TOP, "wind tight")
    assert titled(made, TOP, "wind tight").title is first.title
    assert len(made.memory.titles) == 1
