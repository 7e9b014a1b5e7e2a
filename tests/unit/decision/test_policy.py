"""How many selling points a policy allows."""

from service.decision.policy import (
    STANDARD_POLICY,
    Highlight,
    PointSource,
    SellingPointPolicy,
)
from service.decision.terms import Title, TitlePart


def test_without_an_experiment_the_placement_decides() -> None:
    assert [STANDARD_POLICY.cap(cap) for cap in (0, 1, 2, 3)] == [0, 1, 2, 3]


def test_an_arm_may_show_more_or_fewer_than_the_placement() -> None:
    one, three = SellingPointPolicy(most=1), SellingPointPolicy(PointSource.COMMON, most=3)
    assert (one.cap(2), three.cap(2)) == (1, 3)


def test_a_placement_without_selling_points_stays_plain_in_every_arm() -> None:
    assert SellingPointPolicy(PointSource.COMMON, most=3).cap(0) == 0


def test_no_source_no_points() -> None:
    assert SellingPointPolicy(PointSource.NONE, most=3).cap(2) == 0


def test_a_policy_without_highlights_leaves_the_words_as_they_are() -> None:
    parts = (TitlePart("warm", "sp_1", highlight=True), TitlePart(" – Coat"))
    title = Title("warm – Coat", "Coat", parts)
    dim = SellingPointPolicy(highlight=Highlight.NONE).marked(title)
    assert dim == Title("warm – Coat", "Coat", (TitlePart("warm", "sp_1"), TitlePart(" – Coat")))
    assert STANDARD_POLICY.marked(title) is title
