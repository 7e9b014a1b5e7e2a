"""Puts an award, its selling points and its title together: what one slot shows."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from service.decision.attest import POINT_KINDS, selling_point_id
from service.decision.choice import PLAIN
from service.decision.terms import AwardedAd, ChosenPoint, PhraseStyle, SellingPoint
from service.decision.title import TitleRules, write_title

if TYPE_CHECKING:
    from collections.abc import Sequence

    from service.decision.choice import Choice
    from service.decision.snapshot import Snapshot
    from service.decision.terms import Award, Placement, Title

TitleKey = tuple[int, tuple[int, ...], int, str, str]
"""Product row, point rows, limit, style and position: all that a title depends on."""


class ShownPoints(NamedTuple):
    """A title and the points in it, each with its place among those picked."""

    title: Title
    points: tuple[tuple[int, SellingPoint], ...]


class Entitled(NamedTuple):
    """A title, the selling points in it, and on what grounds they were chosen."""

    title: Title
    chosen: tuple[ChosenPoint, ...]
    reason: str
    propensity: float
    arm: str | None


def show(
    award: Award, product: int, choice: Choice, placement: Placement, snapshot: Snapshot
) -> AwardedAd:
    """What the slot of `award` shows."""
    entitled = entitle(product, choice, placement, snapshot)
    return AwardedAd(award, snapshot.names(award.ad.row).campaign_id, *entitled)


def entitle(product: int, choice: Choice, placement: Placement, snapshot: Snapshot) -> Entitled:
    """The title of the product in row `product`. Only points that fit into it count as chosen."""
    rows = tuple([option.point for option, _ in choice.picked])
    limit, style, position = (
        placement.title_limit,
        placement.phrase_style,
        placement.phrase_position,
    )
    key = (product, rows, limit, style, position)
    shown = snapshot.memory.titles.get(key)
    if shown is None:
        rules = TitleRules(limit, style, position)
        shown = snapshot.memory.titles.put(key, _write(product, rows, rules, snapshot))
    propensity = choice.propensity
    chosen = [ChosenPoint(point, choice.picked[at][1], propensity) for at, point in shown.points]
    reason = choice.reason if chosen else PLAIN
    return Entitled(shown.title, tuple(chosen), reason, propensity, choice.arm)


def _write(
    product: int, rows: tuple[int, ...], rules: TitleRules, snapshot: Snapshot
) -> ShownPoints:
    known = snapshot.memory.points.get
    points = [known(row) or _remember_point(product, row, snapshot) for row in rows]
    original = snapshot.products.titles[product]
    names: Sequence[str] = ()
    if len(original) > rules.limit or rules.style is PhraseStyle.FRONT:
        names = snapshot.products.names[product].split("\n")
    title, shown = write_title(
        original, points, rules=rules, language=snapshot.language, names=names
    )
    if len(shown) == len(points):
        return ShownPoints(title, tuple(enumerate(shown)))
    return ShownPoints(title, tuple([(points.index(point), point) for point in shown]))


def _remember_point(product: int, row: int, snapshot: Snapshot) -> SellingPoint:
    point = selling_point(snapshot.products.ids[product], row, snapshot)
    return snapshot.memory.points.put(row, point)


def selling_point(product_id: str, row: int, snapshot: Snapshot) -> SellingPoint:
    """The selling point in `row`, which is that product's."""
    points = snapshot.points
    text = snapshot.phrases.texts[int(points.phrase[row])]
    return SellingPoint(
        selling_point_id=selling_point_id(product_id, text),
        text=text,
        kind=POINT_KINDS[points.kind[row]],
        evidence_field=points.fields[int(points.field[row])],
        evidence_value=points.values[row],
        locked=bool(points.locked[row]),
        valid_until=float(points.valid_until[row]),
    )
