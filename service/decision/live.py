"""What the hot path reads of one store; replaced as a whole, never changed."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from service.decision.attest import telling
from service.decision.paced import NO_PACES, Paces
from service.decision.scorers import Scorers

if TYPE_CHECKING:
    from service.decision.snapshot import Snapshot


@dataclass(frozen=True, slots=True)
class Live:
    """A snapshot with the models that score its rows, the budgets that ran out, and paces."""

    snapshot: Snapshot
    scorers: Scorers = field(default_factory=Scorers)
    spent_out: frozenset[str] = frozenset()  # campaigns and accounts: used up, or short of a lease
    used_up: frozenset[str] = frozenset()  # by the ledger
    short: frozenset[str] = frozenset()  # of what this server may have in flight
    limited: frozenset[str] = frozenset()  # accounts: platforms with limits of their own
    models: tuple[str, ...] = ()  # name@version:sha8 of each
    bans: frozenset[tuple[str, str]] = frozenset()  # (product id, phrase) banned lately
    paces: Paces = NO_PACES

    def stopping(
        self, *, used_up: frozenset[str] | None = None, short: frozenset[str] | None = None
    ) -> Live:
        """The same, where others have no budget left; what is not given stays."""
        used_up = self.used_up if used_up is None else used_up
        short = self.short if short is None else short
        return replace(self, spent_out=used_up | short, used_up=used_up, short=short)


def with_bans(live: Live, bans: frozenset[tuple[str, str]]) -> Live:
    """`live` without the phrases of `bans` in any title; what else was banned lately is back."""
    snapshot = live.snapshot
    muted = frozenset(point for ban in bans for point in _points_of(*ban, snapshot))
    if muted != snapshot.muted:
        snapshot = replace(snapshot, muted=muted)
    return replace(live, snapshot=snapshot, bans=bans)


def _points_of(product_id: str, phrase: str, snapshot: Snapshot) -> list[int]:
    """The rows of the product's selling points that say what `phrase` says."""
    product = snapshot.products.ids.find(product_id)
    if product < 0:
        return []
    points, wanted = snapshot.points, telling(phrase, snapshot.language)
    return [
        point
        for point in range(points.starts[product], points.starts[product + 1])
        if telling(snapshot.phrases.texts[int(points.phrase[point])], snapshot.language) == wanted
    ]
